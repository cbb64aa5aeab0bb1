import { afterEach, describe, expect, test } from 'vitest'
import {
  collectRecorder,
  createRecorderModel,
  modelDisk,
  modelSlot,
  type RecorderModel,
} from '../../agents/fakes/recorder-model.ts'
import { days, hours, minutes, seconds } from '../../src/core/clock.ts'
import { morning } from '../support/collecting.ts'
import { createRecorderRig, type RecorderRig } from '../support/recorder-rig.ts'

let rig: RecorderRig
afterEach(() => rig.close())

const nvr = (change: (model: RecorderModel) => void = () => {}): RecorderModel => {
  const model = createRecorderModel({ serial: 'FAKE0001', bootedAt: morning - days(10), disks: 2 })
  change(model)
  return model
}

describe('a poll over a real socket', () => {
  test('reads what the model is: same sample, verdicts and inventory', async () => {
    const model = nvr((it) => {
      it.disks = [modelDisk(1), modelDisk(2, { status: 'idle', freeMb: 1000 })]
      it.slots = [
        modelSlot(1, { name: 'Gate & Till' }),
        modelSlot(2, { online: false, detect: 'netUnreachable' }),
        modelSlot(3, { online: false, detect: 'notExist' }),
      ]
      it.clockOffsetMs = seconds(7)
    })
    rig = await createRecorderRig({ model })
    const polled = await rig.poll()
    const expected = collectRecorder(model, 'nvr1', morning)
    expect(polled.sample).toEqual(expected.sample)
    expect(polled.verdicts).toEqual(expected.verdicts)
    expect(polled.inventory).toEqual(expected.inventory)
    expect(polled.at).toBe(expected.at)
  })

  test('a missing disk reads as the model says', async () => {
    rig = await createRecorderRig({ model: nvr() })
    await rig.poll()
    const [, second] = rig.model.disks
    if (second) second.present = false
    rig.clock.advance(minutes(5))
    const polled = await rig.poll()
    const expected = collectRecorder(rig.model, 'nvr1', rig.clock.now())
    expect(polled.sample).toEqual(expected.sample)
    expect(polled.verdicts.at(-1)).toEqual({
      part: 'disk:2',
      code: 'disk-fault',
      state: 'fault',
      raw: 'missing',
    })
  })

  test('asks slow things seldom, and what a model lacks once a day', async () => {
    rig = await createRecorderRig({ model: nvr() })
    await rig.pollFor(hours(1))
    const asked = (path: string) =>
      rig.fake.log.filter((one) => one.path === path && one.login === 'accepted').length
    expect(asked('/ISAPI/System/status')).toBe(61)
    expect(asked('/ISAPI/ContentMgmt/InputProxy/channels/status')).toBe(61)
    expect(asked('/ISAPI/ContentMgmt/Storage')).toBe(13)
    expect(asked('/ISAPI/System/time')).toBe(2)
    expect(asked('/ISAPI/System/deviceInfo')).toBe(1)
    expect(asked('/ISAPI/System/Video/inputs/channels')).toBe(1)
    rig.clock.advance(hours(24))
    await rig.poll()
    expect(asked('/ISAPI/System/Video/inputs/channels')).toBe(2)
    expect(asked('/ISAPI/System/deviceInfo')).toBe(2)
    expect(rig.fake.counts.rejected).toBe(0)
    expect(rig.fake.open()).toBe(0)
  })

  test('gives the inventory out when it changes and not else', async () => {
    rig = await createRecorderRig({ model: nvr() })
    expect((await rig.poll()).inventory?.parts).toHaveLength(6)
    expect((await rig.poll()).inventory).toBeUndefined()
    rig.model.slots.push(modelSlot(5, { name: 'Chợ' }))
    const appeared = await rig.poll()
    expect(appeared.inventory?.parts).toContainEqual({ part: 'ch:5' })
    const named = await rig.poll()
    expect(named.inventory?.parts).toContainEqual({ part: 'ch:5', label: 'Chợ' })
  })

  test.each([
    ['no namespace', ''],
    ['an old one', 'urn:psialliance-org'],
    ['hikvision.com', 'http://www.hikvision.com/ver20/XMLSchema'],
  ])('%s makes no difference', async (_, namespace) => {
    rig = await createRecorderRig({
      model: nvr((it) => {
        it.slots = [modelSlot(1, { name: 'A & B' })]
      }),
      manners: { dialect: { namespace, rawAmpersand: true } },
    })
    const polled = await rig.poll()
    expect(polled.sample).toEqual(collectRecorder(rig.model, 'nvr1', morning).sample)
    expect(polled.inventory?.parts[0]?.label).toBe('A & B')
  })
})

describe('no false alarm', () => {
  test('a full disk, an idle one and a sleeping one are no fault', async () => {
    rig = await createRecorderRig({
      model: nvr((it) => {
        it.disks = ['ok', 'idle', 'sleeping'].map((status, at) => modelDisk(at + 1, { status }))
      }),
    })
    const polled = await rig.pollFor(minutes(15))
    expect(polled.active).toEqual([])
    expect(polled.said.filter((one) => one.startsWith('disk:'))).toEqual([
      'disk:1|disk-fault ok',
      'disk:2|disk-fault ok',
      'disk:3|disk-fault ok',
    ])
  })

  test('an empty slot is no channel', async () => {
    rig = await createRecorderRig({
      model: nvr((it) => {
        it.slots = [modelSlot(1), modelSlot(2, { online: false, detect: 'notExist' })]
      }),
    })
    const polled = await rig.pollFor(minutes(10))
    expect(Object.keys(polled.sample.parts)).not.toContain('ch:2')
    expect(polled.sample.parts['']).toMatchObject({ channels_total: 1, channels_online: 1 })
    expect(polled.said.some((one) => one.startsWith('ch:2'))).toBe(false)
  })

  test.each(['notSupport', 'lowPrivilege', 'busy', 'gone'] as const)(
    'everything refused with %s is unknown, not a fault',
    async (rule) => {
      rig = await createRecorderRig({ model: nvr() })
      await rig.poll()
      rig.fake.manners.pages['/ISAPI/'] = rule
      const polled = await rig.pollFor(minutes(15))
      expect(polled.active).toEqual([])
      expect(polled.said.filter((one) => one.endsWith('fault'))).toEqual([])
      expect(polled.unknown).toContain('ch:1|channel-offline')
      expect(polled.unknown).toContain('disk:1|disk-fault')
      expect(polled.sample.parts['ch:1']).toEqual({ online: null })
      expect(polled.sample.parts['']?.['channels_online']).toBeNull()
      expect(polled.sample.parts['']?.['reachable']).toBe(rule === 'gone' ? null : 1)
    },
  )

  test('a firmware that does not say "online" leaves its channels unknown', async () => {
    rig = await createRecorderRig({
      model: nvr((it) => {
        it.slots = [modelSlot(1), modelSlot(2, { online: undefined })]
      }),
    })
    const polled = await rig.pollFor(minutes(10))
    expect(polled.active).toEqual([])
    expect(polled.unknown).toEqual(['ch:2|channel-offline'])
    expect(polled.sample.parts['ch:2']).toEqual({ online: null })
  })

  test('a recorder without storage is no fault', async () => {
    rig = await createRecorderRig({
      model: nvr(),
      manners: { pages: { '/ISAPI/ContentMgmt/Storage': 'notSupport' } },
    })
    const polled = await rig.pollFor(minutes(10))
    expect(polled.active).toEqual([])
    expect(polled.said.some((one) => one.startsWith('disk:'))).toBe(false)
  })

  test('CPU that is always 0 is not measured; after a first load 0 is a value', async () => {
    rig = await createRecorderRig({
      model: nvr((it) => {
        it.cpu = 0
      }),
    })
    expect((await rig.poll()).sample.parts['']?.['cpu']).toBeNull()
    rig.model.cpu = 12
    expect((await rig.poll()).sample.parts['']?.['cpu']).toBe(12)
    rig.model.cpu = 0
    expect((await rig.poll()).sample.parts['']?.['cpu']).toBe(0)
  })
})

describe('faults', () => {
  test('a channel that drops is a fault after its hold, with the reason of the recorder', async () => {
    rig = await createRecorderRig({ model: nvr() })
    await rig.poll()
    const [slot] = rig.model.slots
    if (slot) Object.assign(slot, { online: false, detect: 'errorUserNameOrPasswd' })
    expect((await rig.pollFor(minutes(2))).active).toEqual([])
    rig.clock.advance(minutes(1))
    const polled = await rig.poll()
    expect(polled.judged.active).toEqual([
      {
        part: 'ch:1',
        code: 'channel-offline',
        since: morning,
        severity: 'high',
        raw: 'errorUserNameOrPasswd',
      },
    ])
    if (slot) Object.assign(slot, { online: true, detect: 'connect' })
    expect((await rig.pollFor(minutes(3))).active).toEqual([])
  })

  test('a disk in error is a fault within two minutes of being read, and ends', async () => {
    rig = await createRecorderRig({ model: nvr() })
    await rig.poll()
    const [disk] = rig.model.disks
    if (disk) disk.status = 'error'
    rig.clock.advance(minutes(5))
    expect((await rig.pollFor(minutes(1))).active).toEqual(['disk:1|disk-fault'])
    if (disk) disk.status = 'ok'
    expect((await rig.pollFor(minutes(3))).active).toEqual([])
  })

  test('a disk that vanished is still missing after a restart of the agent', async () => {
    rig = await createRecorderRig({ model: nvr() })
    await rig.poll()
    for (const disk of rig.model.disks) disk.present = disk.id !== 2
    rig.restart()
    expect((await rig.pollFor(minutes(2))).active).toEqual(['disk:2|disk-fault'])
    await rig.collector().commands?.['relearn']?.({}, new AbortController().signal)
    expect(rig.deps.asked).toBe(1)
    expect((await rig.poll()).said.filter((one) => one.startsWith('disk:'))).toEqual([
      'disk:1|disk-fault ok',
    ])
  })

  test('another recorder in its place starts without the old disks', async () => {
    rig = await createRecorderRig({ model: nvr() })
    await rig.poll()
    Object.assign(rig.model, { serial: 'FAKE0002', bootedAt: rig.clock.now() })
    rig.model.disks = [modelDisk(1)]
    await rig.pollFor(minutes(2))
    const polled = await rig.pollFor(minutes(2))
    expect(polled.active).toEqual([])
    expect(polled.said.some((one) => one.startsWith('disk:2'))).toBe(false)
  })

  test('an unreachable recorder is one fault, not one for each of its parts', async () => {
    rig = await createRecorderRig({ model: nvr() })
    await rig.poll()
    await rig.fake.power(false)
    // The names of its parts are not forgotten because it is away.
    const first = [await rig.poll(), await rig.poll()]
    expect(first.map(({ inventory }) => inventory)).toEqual([undefined, undefined])
    const polled = await rig.pollFor(minutes(10))
    expect(polled.active).toEqual(['|recorder-unreachable'])
    expect(polled.judged.active[0]).toMatchObject({ raw: 'connection refused', since: morning })
    expect(polled.unknown).toHaveLength(1 + 4 + 2)
    expect(polled.sample.parts['']?.['reachable']).toBe(0)
    await rig.fake.power(true)
    const back = await rig.pollFor(minutes(3))
    expect(back.active).toEqual([])
    expect(back.unknown).toEqual([])
  })

  test('an analog input that loses its picture is a fault, one that never had it is nothing', async () => {
    rig = await createRecorderRig({
      model: nvr((it) => {
        it.deviceType = 'DVR'
        it.slots = []
        it.inputs = [
          { id: 1, name: 'Cổng', signal: true },
          { id: 2, name: 'Trống', signal: false },
        ]
      }),
    })
    expect((await rig.poll()).sample.parts['ch:1']).toEqual({ online: 1, video: 1 })
    const [input] = rig.model.inputs
    if (input) input.signal = false
    const polled = await rig.pollFor(minutes(5))
    expect(polled.active).toEqual(['ch:1|channel-offline'])
    expect(polled.judged.active[0]?.raw).toBe('NO VIDEO')
    expect(polled.sample.parts['ch:1']).toEqual({ online: 0, video: 0 })
  })

  test('firmware without the list of channels answers for each one', async () => {
    rig = await createRecorderRig({
      model: nvr(),
      manners: { pages: { '/ISAPI/ContentMgmt/InputProxy/channels/status': 'gone' } },
    })
    const polled = await rig.poll()
    expect(polled.sample).toEqual(collectRecorder(rig.model, 'nvr1', morning).sample)
  })
})

describe('the recorder clock', () => {
  const drift = async () => (await rig.poll()).sample.parts['']?.['drift_s']

  test('drift is told in seconds', async () => {
    rig = await createRecorderRig({ model: nvr() })
    expect(await drift()).toBe(0)
    rig.model.clockOffsetMs = seconds(-95)
    expect(await drift()).toBe(-95)
  })

  test('summer time that the printed offset leaves out is no drift', async () => {
    rig = await createRecorderRig({
      model: nvr((it) => {
        it.offsetMinutes = 60
        it.zone = 'CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00'
        it.clockOffsetMs = hours(1) + seconds(3)
      }),
    })
    expect(await drift()).toBe(3)
  })

  test('the same hour without summer time is drift', async () => {
    rig = await createRecorderRig({
      model: nvr((it) => {
        it.clockOffsetMs = hours(1)
      }),
    })
    expect(await drift()).toBe(3600)
  })

  test('an agent that does not know the time judges no clock', async () => {
    rig = await createRecorderRig({ model: nvr() })
    rig.deps.trust = 'untrusted'
    const polled = await rig.poll()
    expect(polled.sample.parts['']?.['drift_s']).toBeNull()
    expect(polled.sample.reasons?.['/drift_s']).toMatch(/not trusted/)
  })
})
