import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { isField, measurementOf } from '../../src/contract/wire/measures.ts'
import { Sample } from '../../src/contract/wire/messages.ts'
import { during, look, nightPlan, planBody, startCabinet } from '../support/light.ts'
import { at, planOf } from '../support/lighting-plans.ts'
import { until } from '../support/until.ts'

type World = Awaited<ReturnType<typeof startCabinet>>
let world: World
const begin = async (wall: string) => {
  world = await startCabinet(wall)
  return world
}
afterEach(() => world.close())

const coils = () => [world.model.coil(0), world.model.coil(3)]
const moveTo = (wall: string) => world.clock.advance(at(wall) - world.clock.now())
const verdict = async (cabinet: ReturnType<World['open']>, code: string, part: string) => {
  const found = (await look(cabinet)).verdicts.find((one) => one.code === code && one.part === part)
  return found?.state
}

describe('telemetry', () => {
  test('a lit cabinet reports what the model burns, by the names of the contract', async () => {
    const { open, model, clock } = await begin('2026-03-01T20:00')
    const cabinet = open()
    await cabinet.sections?.plan?.(nightPlan)
    await cabinet.tick()
    clock.advance(3_600_000)
    const { sample, verdicts, inventory, at: when } = await look(cabinet)
    expect(Sample.safeParse(sample).error).toBeUndefined()
    expect(when).toBe(at('2026-03-01T21:00'))
    expect(Object.keys(sample.parts)).toEqual([
      '',
      'meter:1',
      'phase:A',
      'phase:B',
      'phase:C',
      'circuit:1',
      'circuit:2',
    ])
    for (const [part, values] of Object.entries(sample.parts)) {
      const measurement = measurementOf('cabinet', part)
      for (const name of Object.keys(values)) {
        expect(measurement && isField(measurement, name), `${part}/${name}`).toBe(true)
      }
    }
    const truth = model.read()
    const said = sample.parts
    expect(said['phase:A']?.['p']).toBeCloseTo(truth['phase:A/p'] ?? 0, 2)
    expect(said['phase:C']?.['v']).toBeCloseTo(truth['phase:C/v'] ?? 0, 2)
    expect(said['phase:B']?.['i']).toBeCloseTo(600 / 0.95 / 224, 1)
    expect(said['phase:B']?.['pf']).toBeCloseTo(0.95, 3)
    expect(said['meter:1']?.['hz']).toBeCloseTo(50, 0)
    // One hour of 1500 W of lamps and 8 W of standby on the counter of 1 MWh.
    expect(said['meter:1']?.['energy_wh']).toBeCloseTo(1_001_508, -2)
    expect(said['circuit:1']).toMatchObject({ on: 1, desired: 1, expected_w: 1200 })
    expect(said['circuit:2']?.['p']).toBeCloseTo(300, -1)
    expect(said['']).toEqual({ comm_ok: 1, plan_ok: 1 })
    expect(sample.reasons).toBeUndefined()
    expect(verdicts.map(({ code, part, state }) => `${part} ${code} ${state}`)).toEqual([
      ' meter-unreachable ok',
      'circuit:1 lights-not-burning ok',
      'circuit:2 lights-not-burning ok',
    ])
    expect(inventory?.parts).toHaveLength(6)
    expect((await look(cabinet)).inventory).toBeUndefined()
  })

  test('what is read takes two requests of different length', async () => {
    const { open, fake } = await begin('2026-03-01T13:00')
    await look(open())
    expect(fake.requests).toEqual(['meter 0x0+36', 'meter 0x34+24'])
  })
})

describe('lights follow the plan', () => {
  test('at the second it changes, and pollSoon tells of it', async () => {
    const { open, clock } = await begin('2026-03-01T17:59:59')
    const cabinet = open()
    await cabinet.sections?.plan?.(nightPlan)
    await cabinet.tick()
    expect(coils()).toEqual([false, false])
    clock.advance(1000)
    await cabinet.tick()
    expect(coils()).toEqual([true, true])
    expect(world.world.polls).toBe(1)
    moveTo('2026-03-02T05:00')
    await cabinet.tick()
    expect(coils()).toEqual([false, false])
  })

  test('across a restart over sunset, with no word from the hub', async () => {
    const { open } = await begin('2026-03-01T17:55')
    const first = open()
    await first.sections?.plan?.(nightPlan)
    await first.tick()
    await first.close?.()
    moveTo('2026-03-01T18:05')
    const second = open()
    await second.tick()
    expect(coils()).toEqual([true, true])
    expect(second.engine().cause).toBe('plan')
  })

  test('across an outage over the end of the night they stay off', async () => {
    const { open, model } = await begin('2026-03-02T04:55')
    const first = open()
    await first.sections?.plan?.(nightPlan)
    await first.tick()
    expect(coils()).toEqual([true, true])
    await first.close?.()
    model.resetBoard()
    moveTo('2026-03-02T05:30')
    const second = open()
    await second.tick()
    expect(coils()).toEqual([false, false])
  })

  test('a relay board that fell off is asserted again within a minute', async () => {
    const { open, model, clock } = await begin('2026-03-01T20:00')
    const cabinet = open()
    await cabinet.sections?.plan?.(nightPlan)
    await cabinet.tick()
    model.resetBoard()
    for (let second = 0; second < 60; second += 1) {
      clock.advance(1000)
      await cabinet.tick()
    }
    expect(coils()).toEqual([true, true])
  })

  test('between two looks a settled cabinet asks the board nothing', async () => {
    const { open, fake, clock } = await begin('2026-03-01T20:00')
    const cabinet = open()
    await cabinet.sections?.plan?.(nightPlan)
    await cabinet.tick()
    const asked = fake.requests.length
    for (let second = 0; second < 59; second += 1) {
      clock.advance(1000)
      await cabinet.tick()
    }
    expect(fake.requests).toHaveLength(asked)
  })

  test('without a plan the built-in sun program runs and says so', async () => {
    const { open } = await begin('2026-03-01T18:00')
    const cabinet = open()
    await cabinet.tick()
    expect(coils()).toEqual([false, false])
    moveTo('2026-03-01T18:20')
    await cabinet.tick()
    expect(coils()).toEqual([true, true])
    const { sample } = await look(cabinet)
    expect(sample.parts['']?.['plan_ok']).toBe(0)
    expect(sample.reasons?.['/plan_ok']).toMatch(/built-in/)
  })

  test('a new plan holds with the next second, but a contactor is not made to chatter', async () => {
    const { open, clock } = await begin('2026-03-01T20:00')
    const cabinet = open()
    await cabinet.sections?.plan?.(nightPlan)
    await cabinet.tick()
    await cabinet.sections?.plan?.(planBody({ 'circuit:1': planOf(), 'circuit:2': planOf() }))
    clock.advance(1000)
    await cabinet.tick()
    expect(coils()).toEqual([true, true])
    clock.advance(59_000)
    await cabinet.tick()
    expect(coils()).toEqual([false, false])
  })

  test('the wall clock steps either way: the next second has the level of the new time', async () => {
    const { open, clock } = await begin('2026-03-01T20:00')
    const cabinet = open()
    await cabinet.sections?.plan?.(nightPlan)
    await cabinet.tick()
    clock.step(-3 * 3_600_000)
    clock.advance(61_000)
    await cabinet.tick()
    expect(coils()).toEqual([false, false])
    clock.step(3 * 3_600_000)
    clock.advance(61_000)
    await cabinet.tick()
    expect(coils()).toEqual([true, true])
  })

  test('the engine runs by itself on the clock and leaves the lights on when it stops', async () => {
    const { open, clock } = await begin('2026-03-01T17:59:50')
    const cabinet = open()
    await cabinet.sections?.plan?.(nightPlan)
    await cabinet.start?.()
    await until(async () => {
      await clock.live(1000)
      return coils().every(Boolean)
    })
    expect(clock.now()).toBeGreaterThanOrEqual(at('2026-03-01T18:00'))
    await cabinet.close?.()
    expect(coils()).toEqual([true, true])
  })

  test('two cabinets do not switch in the same second', async () => {
    const { open, clock } = await begin('2026-03-01T17:59:59')
    const cabinet = open({ maxJitterMs: 30_000 })
    await cabinet.sections?.plan?.(nightPlan)
    let switchedAfterS = -1
    for (let second = 0; second <= 31 && switchedAfterS < 0; second += 1) {
      await cabinet.tick()
      if (coils()[0]) switchedAfterS = second
      clock.advance(1000)
    }
    expect(switchedAfterS).toBeGreaterThan(1)
    expect(switchedAfterS).toBeLessThanOrEqual(31)
  })
})

describe('a clock that cannot be believed', () => {
  test('holds the last levels over a restart for 14 hours, then lets go', async () => {
    const { open, world: state, model, clock } = await begin('2026-03-01T20:00')
    const first = open()
    await first.sections?.plan?.(nightPlan)
    await first.tick()
    await first.close?.()
    model.resetBoard()
    state.trust = 'untrusted'
    clock.step(-20 * 365 * 86_400_000)
    const second = open()
    await second.tick()
    expect(coils()).toEqual([true, true])
    expect(second.engine().cause).toBe('held')
    for (let hour = 0; hour < 13; hour += 1) {
      clock.advance(3_600_000)
      await second.tick()
    }
    expect(coils()).toEqual([true, true])
    await second.close?.()
    const third = open()
    clock.advance(3_600_000)
    await third.tick()
    clock.advance(60_000)
    await third.tick()
    expect(third.engine().cause).toBe('hold-ended')
    expect(coils()).toEqual([false, false])
  })

  test('with nothing to hold it touches nothing and judges no daylight', async () => {
    const { open, world: state, fake, model } = await begin('2026-03-01T20:00')
    state.trust = 'untrusted'
    model.setCoil(0, true)
    const cabinet = open()
    await cabinet.sections?.plan?.(nightPlan)
    await cabinet.tick()
    expect(coils()).toEqual([true, false])
    expect(fake.requests.some((one) => one.includes('='))).toBe(false)
    const { sample, verdicts } = await look(cabinet)
    expect(sample.parts['circuit:1']).toMatchObject({ on: 1, desired: null, expected_w: null })
    expect(verdicts.filter(({ code }) => code === 'day-burning').map(({ state }) => state)).toEqual(
      ['unknown', 'unknown'],
    )
  })

  test('the plan rules again as soon as the time is known', async () => {
    const { open, world: state } = await begin('2026-03-01T20:00')
    state.trust = 'untrusted'
    const cabinet = open()
    await cabinet.sections?.plan?.(nightPlan)
    await cabinet.tick()
    state.trust = 'trusted'
    await cabinet.tick()
    expect(coils()).toEqual([true, true])
  })
})

describe('plan files', () => {
  const dayPlan = planBody({ 'circuit:1': planOf(), 'circuit:2': planOf() })
  const planFiles = () => ['plan-a.json', 'plan-b.json'].map((name) => join(world.folder, name))
  const newest = () =>
    planFiles().toSorted(
      (a, b) => JSON.parse(readFileSync(b, 'utf8')).turn - JSON.parse(readFileSync(a, 'utf8')).turn,
    )[0] ?? ''
  const twoPlans = async () => {
    const { open } = await begin('2026-03-01T20:00')
    const first = open()
    await first.sections?.plan?.(nightPlan)
    await first.sections?.plan?.(dayPlan)
    await first.close?.()
  }

  test.each([
    ['cut short', (text: string) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['changed in one letter', (text: string) => text.replace('cab1', 'cab2')],
  ])('a newest file that is %s leaves the one before in force, and says so', async (_, harm) => {
    await twoPlans()
    writeFileSync(newest(), harm(readFileSync(newest(), 'utf8')))
    const second = world.open()
    await second.tick()
    expect(coils()).toEqual([true, true])
    const { sample } = await look(second)
    expect(sample.parts['']?.['plan_ok']).toBe(0)
    expect(sample.reasons?.['/plan_ok']).toMatch(/plan-[ab]\.json/)
    await second.sections?.plan?.(dayPlan)
    expect((await look(second)).sample.parts['']?.['plan_ok']).toBe(1)
  })

  test('the newest of two good files is in force', async () => {
    await twoPlans()
    const second = world.open()
    await second.tick()
    expect(coils()).toEqual([false, false])
  })

  test('a bad section is refused with its reason and the former plan stays', async () => {
    const { open } = await begin('2026-03-01T20:00')
    const cabinet = open()
    await cabinet.sections?.plan?.(nightPlan)
    await expect(
      cabinet.sections?.plan?.({ ...nightPlan, timeZone: 'Asia/Nowhere' }),
    ).rejects.toThrow(/timeZone: not a time zone/)
    await cabinet.tick()
    expect(coils()).toEqual([true, true])
    expect((await look(cabinet)).sample.reasons?.['/plan_ok']).toMatch(/timeZone/)
  })
})

describe('what breaks', () => {
  const lit = async () => {
    const begun = await begin('2026-03-01T20:00')
    const cabinet = begun.open()
    await cabinet.sections?.plan?.(nightPlan)
    await cabinet.tick()
    begun.clock.advance(61_000)
    await cabinet.tick()
    return { ...begun, cabinet }
  }

  test('lamps out: one phase dark is told by the phase, one lamp is not', async () => {
    const { cabinet, model } = await lit()
    model.change({ lampsOut: { 'circuit:1': 1 } })
    expect(await verdict(cabinet, 'lights-not-burning', 'circuit:1')).toBe('ok')
    model.change({ mcbTrip: ['circuit:1'] })
    expect(await verdict(cabinet, 'lights-not-burning', 'circuit:1')).toBe('fault')
    expect(await verdict(cabinet, 'lights-not-burning', 'circuit:2')).toBe('ok')
  })

  test('mains off and a lost phase are no lamp faults', async () => {
    const { cabinet, model } = await lit()
    model.change({ mainsOff: true })
    expect(await verdict(cabinet, 'lights-not-burning', 'circuit:1')).toBe('unknown')
    const { sample } = await look(cabinet)
    expect(sample.parts['phase:A']).toMatchObject({ v: 0, p: 0 })
    model.change({ mainsOff: false, phaseLoss: ['C'] })
    expect(await verdict(cabinet, 'lights-not-burning', 'circuit:1')).toBe('ok')
    expect(await verdict(cabinet, 'lights-not-burning', 'circuit:2')).toBe('unknown')
  })

  test('a welded contactor burns by day', async () => {
    const { cabinet, model, clock } = await lit()
    model.change({ welded: ['circuit:2'] })
    moveTo('2026-03-02T12:00')
    await cabinet.tick()
    clock.advance(61_000)
    expect(await verdict(cabinet, 'day-burning', 'circuit:2')).toBe('fault')
    expect(await verdict(cabinet, 'day-burning', 'circuit:1')).toBe('ok')
  })

  test('a relay that acknowledges and does nothing is not believed', async () => {
    const begun = await begin('2026-03-01T20:00')
    begun.fake.setLine('relays', { deaf: true })
    const cabinet = begun.open()
    await cabinet.sections?.plan?.(nightPlan)
    for (let second = 0; second < 70; second += 1) {
      await cabinet.tick()
      begun.clock.advance(1000)
    }
    const writes = begun.fake.requests.filter((one) => one === 'relays 0=on')
    // Three tries at once, then one with each regular look.
    expect(writes).toHaveLength(4)
    expect((await look(cabinet)).sample.parts['circuit:1']).toMatchObject({ on: 0, desired: 1 })
    expect(await verdict(cabinet, 'lights-not-burning', 'circuit:1')).toBe('fault')
    begun.fake.setLine('relays')
    begun.clock.advance(60_000)
    await cabinet.tick()
    expect(coils()).toEqual([true, true])
  })

  test('a meter that stands still is not believed', async () => {
    const { cabinet, model, clock } = await lit()
    model.change({ stuckMeter: true, mcbTrip: ['circuit:1'] })
    const states: string[] = []
    for (let poll = 0; poll < 31; poll += 1) {
      clock.advance(10_000)
      const { sample } = await look(cabinet)
      states.push(sample.parts['phase:A']?.['p'] === null ? 'unknown' : 'known')
    }
    expect(states[0]).toBe('known')
    expect(states[30]).toBe('unknown')
    expect(await verdict(cabinet, 'meter-unreachable', '')).toBe('fault')
    model.change({ stuckMeter: false })
    expect(await verdict(cabinet, 'lights-not-burning', 'circuit:1')).toBe('fault')
  })

  test('a meter that is dead and comes back; the relays go on meanwhile', async () => {
    const { cabinet, fake, clock } = await lit()
    fake.setLine('meter', { noAnswer: true })
    const dead = await during(clock, look(cabinet))
    expect(dead.sample.parts['phase:A']).toEqual({ v: null, i: null, p: null, pf: null })
    expect(dead.sample.reasons?.['phase:A']).toBe('no answer')
    expect(dead.sample.parts['']?.['comm_ok']).toBe(0)
    expect(dead.verdicts.find(({ code }) => code === 'meter-unreachable')).toMatchObject({
      state: 'fault',
      raw: 'meter: no answer',
    })
    expect(await during(clock, verdict(cabinet, 'lights-not-burning', 'circuit:1'))).toBe('unknown')
    moveTo('2026-03-02T05:01')
    await during(clock, cabinet.tick())
    expect(coils()).toEqual([false, false])
    fake.setLine('meter')
    const back = await during(clock, look(cabinet))
    expect(back.sample.parts['']).toEqual({ comm_ok: 1, plan_ok: 1 })
  })

  test('the port closes and opens again: a new connection is made, after a pause', async () => {
    const { cabinet, fake, clock } = await lit()
    await fake.stop()
    const gone = await during(clock, look(cabinet))
    expect(gone.sample.parts['']?.['comm_ok']).toBe(0)
    await during(clock, cabinet.tick())
    await fake.start()
    clock.advance(120_000)
    await during(clock, cabinet.tick())
    const back = await during(clock, look(cabinet))
    expect(back.sample.parts['']?.['comm_ok']).toBe(1)
    expect(cabinet.engine().circuits.map((one) => one.on)).toEqual([true, true])
  })

  test('relays without answer are unknown and are asked again, not each second', async () => {
    const { cabinet, fake, clock } = await lit()
    fake.setLine('relays', { noAnswer: true })
    clock.advance(60_000)
    await during(clock, cabinet.tick())
    const { sample } = await during(clock, look(cabinet))
    expect(sample.parts['circuit:1']).toMatchObject({ on: null, desired: 1 })
    expect(sample.reasons?.['circuit:1/on']).toBe('no answer')
    const asked = fake.requests.filter((one) => one.startsWith('relays')).length
    await during(clock, cabinet.tick())
    expect(fake.requests.filter((one) => one.startsWith('relays'))).toHaveLength(asked)
    fake.setLine('relays')
    clock.advance(5000)
    await during(clock, cabinet.tick())
    expect(cabinet.engine().relayTrouble).toBeUndefined()
  })

  test('an exception is an answer: the connection stays', async () => {
    const { cabinet, fake } = await lit()
    fake.setLine('meter', { exception: 4 })
    const { sample } = await look(cabinet)
    expect(sample.reasons?.['meter:1']).toBe('exception 4')
    fake.setLine('meter')
    expect((await look(cabinet)).sample.parts['']?.['comm_ok']).toBe(1)
  })

  test('a late answer is never taken for the answer to the next request', async () => {
    const { cabinet, fake, clock, model } = await lit()
    fake.setLine('meter', { lateMs: 800 })
    const late = look(cabinet)
    expect((await late).sample.reasons?.['phase:A']).toBe('no answer')
    model.change({ mcbTrip: ['circuit:1'] })
    fake.setLine('meter')
    // The old answer, with burning lamps, leaves the meter while the next request waits its turn.
    const next = await during(clock, look(cabinet))
    expect(next.sample.parts['phase:B']?.['p']).toBe(0)
    expect(next.sample.parts['phase:A']?.['p']).toBeLessThan(20)
  })
})
