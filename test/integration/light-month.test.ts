import { afterEach, expect, test } from 'vitest'
import { createCabinetModel } from '../../agents/fakes/cabinet-model.ts'
import { createCabinet } from '../../agents/light/cabinet.ts'
import { createManualClock, minutes } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { type JudgeMemory, judge } from '../../src/faults/judge.ts'
import { cabinetConfig, look, planBody, tempFolder } from '../support/light.ts'
import { at, on, planOf, wall } from '../support/lighting-plans.ts'

const { folder, remove } = tempFolder()
afterEach(remove)

test('a month without sockets: every night lit, every day dark, and one failure found', async () => {
  const clock = createManualClock(at('2026-03-01T12:00'))
  const circuits = [
    { part: 'circuit:1', coil: 0, phases: ['A', 'B'] as const, lamps: 12, lampW: 100 },
    { part: 'circuit:2', coil: 3, phases: ['C'] as const, lamps: 5, lampW: 60 },
  ]
  const model = createCabinetModel({ clock, circuits, standbyW: 0, startWh: 0 })
  const deps = {
    clock,
    log: silentLog,
    dataDir: folder,
    clockTrust: () => 'trusted' as const,
    pollSoon: () => {},
  }
  const cabinet = createCabinet(cabinetConfig(1), deps, {
    maxJitterMs: 0,
    devices: {
      meter: { read: async () => ({ ok: true, values: model.read(), reasons: {} }) },
      relays: {
        read: async () => Array.from({ length: 4 }, (_, coil) => model.coil(coil)),
        write: async (coil, state) => model.setCoil(coil, state),
      },
      close: () => {},
    },
  })
  const night = planOf(on('18:00', '05:00'))
  await cabinet.sections?.plan?.(planBody({ 'circuit:1': night, 'circuit:2': night }))

  const switched: string[] = []
  const raised: string[] = []
  let memory: JudgeMemory = {}
  let active = ''
  for (let minute = 0; minute < 30 * 1440; minute += 1) {
    if (clock.now() === at('2026-03-20T23:00')) model.change({ mcbTrip: ['circuit:2'] })
    const before = model.coil(0)
    await cabinet.tick()
    if (model.coil(0) !== before) switched.push(wall(clock.now()).slice(11))
    const { verdicts } = await look(cabinet)
    const judged = judge(memory, verdicts, clock.now())
    memory = judged.memory
    const now = judged.active.map(({ part, code }) => `${part} ${code}`).join()
    if (now !== active) raised.push(`${wall(clock.now()).slice(5)} ${now}`)
    active = now
    clock.advance(minutes(1))
  }
  expect(switched).toEqual(Array.from({ length: 30 }, () => ['18:00:00', '05:00:00']).flat())
  expect(raised).toEqual(['03-20T23:01:00 circuit:2 lights-not-burning'])
  const kwh = (30 * 11 * 1200 + (19 * 11 + 5) * 300) / 1000
  expect((model.read()['meter:1/energy_wh'] ?? 0) / 1000).toBeCloseTo(kwh, 3)
})

test.each([
  ['a coil', { coil: 0 }, 'cab1: two circuits have the same coil'],
  ['a part', { part: 'circuit:1' }, 'cab1: two circuits have the same part'],
])('settings that use %s twice are refused', (_, change, message) => {
  const config = cabinetConfig(1)
  const [first, second] = config.circuits
  const twice = { ...config, circuits: [first, { ...second, ...change }] }
  const deps = {
    clock: createManualClock(0),
    log: silentLog,
    dataDir: folder,
    clockTrust: () => 'trusted' as const,
    pollSoon: () => {},
  }
  expect(() => createCabinet(twice as typeof config, deps)).toThrow(message)
})
