import { afterEach, describe, expect, test } from 'vitest'
import { createNutFake, type NutFake } from '../../agents/fakes/nut.ts'
import { ageUps, collectUps, createUpsModel } from '../../agents/fakes/ups-model.ts'
import { createNutCollector } from '../../agents/power/nut.ts'
import { minutes, seconds } from '../../src/core/clock.ts'
import {
  collectorDeps,
  createPoller,
  morning,
  startClock,
  tempFolder,
} from '../support/collecting.ts'
import { until } from '../support/until.ts'

let closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing) await close()
  closing = []
})

async function createUpsRig(change: (fake: NutFake) => void = () => {}) {
  const clock = startClock()
  const folder = tempFolder()
  const model = createUpsModel('FAKE0001')
  const fake = await createNutFake({ upses: { ups1: model, ups2: createUpsModel('FAKE0002') } })
  change(fake)
  const deps = collectorDeps({ clock, dataDir: folder.path })
  const config = { unit: 'ups1', host: '127.0.0.1', port: fake.port, ups: 'ups1' }
  const collector = createNutCollector(config, deps)
  closing.push(fake.close, async () => folder.remove())
  const poller = createPoller(() => collector, clock)
  return { clock, fake, model, deps, config, collector, ...poller }
}

describe('a UPS over a real socket', () => {
  test('reads what the model is: same sample, verdicts and inventory', async () => {
    const rig = await createUpsRig()
    const polled = await rig.poll()
    const expected = collectUps(rig.model, 'ups1', morning)
    expect(polled.sample).toEqual(expected.sample)
    expect(polled.verdicts).toEqual(expected.verdicts)
    expect(polled.inventory).toEqual(expected.inventory)
    expect((await rig.poll()).inventory).toBeUndefined()
  })

  test('on battery after its hold, critical when low, and over when mains is back', async () => {
    const rig = await createUpsRig()
    await rig.poll()
    rig.model.mains = false
    expect((await rig.poll()).active).toEqual([])
    rig.clock.advance(seconds(20))
    const out = await rig.poll()
    expect(out.judged.active).toEqual([
      { part: '', code: 'ups-on-battery', since: morning, severity: 'high', raw: 'OB DISCHRG' },
    ])
    expect(out.sample).toEqual(collectUps(rig.model, 'ups1', rig.clock.now()).sample)
    ageUps(rig.model, minutes(27))
    const low = await rig.poll()
    expect(low.judged.active[0]).toMatchObject({ severity: 'critical', raw: 'OB DISCHRG LB' })
    expect(low.sample.parts['']).toMatchObject({ on_battery: 1, low: 1, in_v: 0 })
    rig.model.mains = true
    expect((await rig.pollFor(minutes(1), seconds(10))).active).toEqual([])
  })

  test.each([
    ['stale', 'DATA-STALE'],
    ['dead', 'DRIVER-NOT-CONNECTED'],
  ] as const)(
    'a driver that is %s is "not monitored" and never "power lost"',
    async (driver, raw) => {
      const rig = await createUpsRig()
      await rig.poll()
      rig.model.driver = driver
      rig.model.mains = false
      const polled = await rig.pollFor(minutes(10), seconds(10))
      expect(polled.judged.active).toEqual([
        { part: '', code: 'ups-unmonitored', since: morning, severity: 'medium', raw },
      ])
      expect(polled.unknown).toEqual(['|ups-on-battery'])
      expect(polled.sample.parts['']).toEqual({ on_battery: null, low: null })
      expect(polled.sample).toEqual(collectUps(rig.model, 'ups1', rig.clock.now()).sample)
    },
  )

  test('a power cut seen before the driver died stays, neither ended nor confirmed', async () => {
    const rig = await createUpsRig()
    rig.model.mains = false
    expect((await rig.pollFor(minutes(1), seconds(10))).active).toEqual(['|ups-on-battery'])
    rig.model.driver = 'stale'
    const polled = await rig.pollFor(minutes(5), seconds(10))
    expect(polled.active.sort()).toEqual(['|ups-on-battery', '|ups-unmonitored'])
    expect(polled.unknown).toEqual(['|ups-on-battery'])
  })

  test.each([
    ['OB OFF OB', 'fault'],
    ['OL OL CHRG', 'ok'],
    ['ALARM OL RB', 'ok'],
    ['OL OB', 'unknown'],
  ])('words as drivers print them: %s', async (status, state) => {
    const rig = await createUpsRig()
    rig.model.status = status
    expect((await rig.poll()).said).toContain(`|ups-on-battery ${state}`)
  })
})

describe('a server with bad manners', () => {
  test('single bytes make no difference', async () => {
    const rig = await createUpsRig((fake) => {
      fake.manners.transport = 'drip'
    })
    expect((await rig.poll()).sample).toEqual(collectUps(rig.model, 'ups1', morning).sample)
  })

  test.each([
    ['endless', 'list too long'],
    ['long-line', 'list too long'],
    ['garbage', 'not a NUT answer'],
    ['cut', 'connection closed'],
  ] as const)('%s', async (transport, raw) => {
    const rig = await createUpsRig((fake) => {
      fake.manners.transport = transport
    })
    const polled = await rig.pollFor(minutes(2), seconds(10))
    expect(polled.judged.active).toMatchObject([{ code: 'ups-unmonitored', raw }])
    await until(() => rig.fake.open() === 0, { what: 'all connections closed' })
  })

  test('one that never answers costs one time limit', async () => {
    const rig = await createUpsRig((fake) => {
      fake.manners.transport = 'mute'
    })
    const polled = await rig.pollStalling()
    expect(polled.verdicts[0]).toMatchObject({ state: 'fault', raw: 'timeout' })
    expect(rig.clock.monotonic()).toBeLessThan(13_000)
    await until(() => rig.fake.open() === 0, { what: 'all connections closed' })
  })

  test('one that is not there is "not monitored"', async () => {
    const rig = await createUpsRig()
    await rig.fake.power(false)
    const polled = await rig.pollFor(minutes(2), seconds(10))
    expect(polled.judged.active).toMatchObject([
      { code: 'ups-unmonitored', raw: 'connection refused' },
    ])
    await rig.fake.power(true)
    expect((await rig.pollFor(minutes(1), seconds(10))).active).toEqual([])
  })

  test('a UPS it does not know', async () => {
    const rig = await createUpsRig((fake) => {
      delete fake.upses['ups1']
    })
    expect((await rig.poll()).verdicts[0]).toMatchObject({ raw: 'UNKNOWN-UPS' })
  })

  test('a stop while it is mute ends the poll at once', async () => {
    const rig = await createUpsRig((fake) => {
      fake.manners.transport = 'mute'
    })
    const stop = new AbortController()
    const poll = rig.collector.collect(stop.signal)
    await until(() => rig.fake.commands.length > 0)
    stop.abort(new Error('agent stops'))
    await expect(poll).rejects.toThrow('agent stops')
    await until(() => rig.fake.open() === 0, { what: 'all connections closed' })
  })
})

describe('manners of our own', () => {
  test('it never logs in, and asks nothing but the list', async () => {
    const rig = await createUpsRig()
    await rig.pollFor(minutes(1), seconds(10))
    await until(() => rig.fake.commands.length === 14)
    expect(new Set(rig.fake.commands)).toEqual(new Set(['LIST VAR ups1', 'LOGOUT']))
  })

  test('a name that would end the command line is refused', async () => {
    const rig = await createUpsRig()
    const config = { ...rig.config, ups: 'ups1\nINSTCMD ups1 shutdown.return' }
    expect(() => createNutCollector(config, rig.deps)).toThrow(/not a UPS name/)
  })

  test('200 polls of a server that never ends its list leave nothing behind', async () => {
    const rig = await createUpsRig((fake) => {
      fake.manners.transport = 'endless'
    })
    await rig.poll()
    const before = process.getActiveResourcesInfo().length
    for (let at = 0; at < 200; at++) await rig.poll()
    await until(() => rig.fake.open() === 0, { what: 'all connections closed' })
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before + 5)
  })
})
