import { describe, expect, test } from 'vitest'
import { type CabinetReading, type CircuitReading, judgeCabinet } from '../../src/faults/cabinet.ts'
import { type JudgeMemory, judge } from '../../src/faults/judge.ts'
import { at } from '../support/lighting-plans.ts'

const night = at('2026-03-01T20:00')
const noon = at('2026-03-02T12:00')

const circuit = (more: Partial<CircuitReading> = {}): CircuitReading => ({
  part: 'circuit:1',
  phases: ['A'],
  expectedW: 900,
  desired: 100,
  relay: true,
  settledMs: 120_000,
  ...more,
})
const offCircuit = (more: Partial<CircuitReading> = {}) =>
  circuit({ desired: 0, relay: false, ...more })

const look = (more: Partial<CabinetReading> = {}): CabinetReading => ({
  at: night,
  clockTrust: 'trusted',
  place: { lat: 21.03, lon: 105.85 },
  phases: { A: { v: 224, p: 900 }, B: { v: 224, p: 8 }, C: { v: 224, p: 0 } },
  circuits: [circuit()],
  ...more,
})
const phaseA = (p: number | null, v: number | null = 224) => ({ phases: { A: { v, p } } })

/** `state` or `state raw`, or `-` when nothing is said. */
function said(reading: CabinetReading, code: string, part = 'circuit:1'): string {
  const verdict = judgeCabinet(reading).find((one) => one.code === code && one.part === part)
  return verdict ? [verdict.state, verdict.raw].filter(Boolean).join(' ') : '-'
}

describe('lights not burning', () => {
  test.each<[string, Partial<CabinetReading>, string]>([
    ['full power', {}, 'ok'],
    ['half the lamps', phaseA(450), 'ok'],
    ['no power', phaseA(0), 'fault A 0 W of 900 W'],
    ['only what agent and modem draw', phaseA(12), 'fault A 12 W of 900 W'],
    ['under a tenth', phaseA(89), 'fault A 89 W of 900 W'],
    ['between a tenth and a half nothing flaps', phaseA(200), 'unknown'],
    ['a reversed current transformer still shows burning lamps', phaseA(-880), 'ok'],
    ['mains absent', phaseA(0, 3), 'unknown A no mains'],
    ['mains too low to say', phaseA(0, 170), 'unknown A no mains'],
    [
      'mains absent with the relay board down as well',
      { ...phaseA(0, 0), circuits: [circuit({ relay: false })] },
      'unknown A no mains',
    ],
    ['power not known', phaseA(null), 'unknown'],
    ['voltage not known', phaseA(0, null), 'unknown'],
    ['phase not in the reading', { phases: {} }, 'unknown'],
    ['meter not read', { meterTrouble: 'no answer' }, 'unknown'],
    [
      'meter not read, and the relay stays off',
      { meterTrouble: 'no answer', circuits: [circuit({ relay: false })] },
      'fault relay stays off',
    ],
    ['burning although the relay says off (HAND)', { circuits: [circuit({ relay: false })] }, 'ok'],
    ['not settled', { ...phaseA(0), circuits: [circuit({ settledMs: 60_000 })] }, '-'],
    ['told to be off', { ...phaseA(0), circuits: [offCircuit()] }, '-'],
    [
      'an untrusted clock does not hide dark lamps',
      { ...phaseA(0), clockTrust: 'untrusted' },
      'fault A 0 W of 900 W',
    ],
    [
      'nobody told the power: dark',
      { ...phaseA(10), circuits: [circuit({ expectedW: undefined as never })] },
      'fault A 10 W',
    ],
  ])('%s: %s', (_, more, expected) => {
    expect(said(look(more), 'lights-not-burning')).toBe(expected)
  })

  const three = (a: number, b: number, c: number, vc = 224): Partial<CabinetReading> => ({
    phases: { A: { v: 224, p: a }, B: { v: 224, p: b }, C: { v: vc, p: c } },
    circuits: [circuit({ phases: ['A', 'B', 'C'] })],
  })

  test.each([
    ['all three burn', three(300, 290, 310), 'ok'],
    ['one phase is dark: its branch tripped', three(300, 0, 310), 'fault B 0 W of 300 W'],
    ['one phase has lost the mains', three(300, 290, 0, 4), 'unknown C no mains'],
    [
      'a dark phase is told even where another has no mains',
      three(300, 0, 0, 4),
      'fault B 0 W of 300 W',
    ],
  ])('%s', (_, more, expected) => {
    expect(said(look(more), 'lights-not-burning')).toBe(expected)
  })

  test.each([
    ['both burn', 1500, ['ok', 'ok']],
    ['one is dark: which one cannot be told', 900, ['unknown', 'unknown']],
    ['both are dark', 0, ['fault A 0 W of 900 W', 'fault A 0 W of 600 W']],
  ])('two circuits on one phase: %s', (_, watts, expected) => {
    const circuits = [circuit(), circuit({ part: 'circuit:2', expectedW: 600 })]
    const reading = look({ ...phaseA(watts), circuits })
    const states = ['circuit:1', 'circuit:2'].map((part) =>
      said(reading, 'lights-not-burning', part),
    )
    expect(states).toEqual(expected)
  })
})

describe('burning by day', () => {
  const day = (more: Partial<CabinetReading> = {}) =>
    look({ at: noon, circuits: [offCircuit()], ...more })

  test.each<[string, CabinetReading, string]>([
    ['a welded contactor', day(), 'fault 900 W'],
    [
      'a relay that does not let go',
      day({ circuits: [offCircuit({ relay: true })] }),
      'fault 900 W',
    ],
    ['nothing burns', day(phaseA(15)), 'ok'],
    ['a few watts under the limit', day(phaseA(50)), 'ok'],
    ['told to burn by day', day({ circuits: [circuit()] }), 'ok'],
    ['not settled', day({ circuits: [offCircuit({ settledMs: 5000 })] }), '-'],
    ['by night nothing is said', look({ circuits: [offCircuit()] }), '-'],
    ['ten minutes after sunrise nothing is said', day({ at: at('2026-03-02T06:25') }), '-'],
    ['an untrusted clock knows no day', day({ clockTrust: 'untrusted' }), 'unknown'],
    ['holdover is good enough', day({ clockTrust: 'holdover' }), 'fault 900 W'],
    ['meter not read', day({ meterTrouble: 'no answer' }), 'unknown'],
    ['no mains', day(phaseA(0, 0)), 'unknown'],
    ['power not known', day(phaseA(null)), 'unknown'],
  ])('%s', (_, reading, expected) => {
    expect(said(reading, 'day-burning')).toBe(expected)
  })

  test('two circuits on one phase: one is blamed, the other is not judged', () => {
    const circuits = [offCircuit(), offCircuit({ part: 'circuit:2' })]
    const reading = day({ circuits })
    expect(said(reading, 'day-burning', 'circuit:1')).toBe('fault 900 W')
    expect(said(reading, 'day-burning', 'circuit:2')).toBe('unknown')
  })

  test('a neighbour that burns by right on the phase makes it unknown', () => {
    const reading = day({ circuits: [offCircuit(), circuit({ part: 'circuit:2' })] })
    expect(said(reading, 'day-burning', 'circuit:1')).toBe('unknown')
  })
})

test.each([
  [{}, 'ok'],
  [{ meterTrouble: 'no answer' }, 'fault meter: no answer'],
  [{ relayTrouble: 'refused' }, 'fault relays: refused'],
  [{ meterTrouble: 'a', relayTrouble: 'b' }, 'fault meter: a; relays: b'],
])('meter and relays are one fault of the cabinet: %o', (trouble, expected) => {
  expect(said(look(trouble), 'meter-unreachable', '')).toBe(expected)
})

describe('through a night and a day', () => {
  const run = (steps: CabinetReading[]) => {
    let memory: JudgeMemory = {}
    return steps.map((reading) => {
      const judged = judge(memory, judgeCabinet(reading), reading.at)
      memory = judged.memory
      return judged.active.map(({ code }) => code)
    })
  }
  const dark = (t: number) => look({ at: t, ...phaseA(0) })

  test('a dark circuit stays dark over the day and clears when it burns again', () => {
    const found = run([
      dark(night),
      dark(night + 60_000),
      look({ at: noon, ...phaseA(0), circuits: [offCircuit()] }),
      look({ at: noon + 8 * 3_600_000 }),
      look({ at: noon + 8 * 3_600_000 + 60_000 }),
    ])
    const code = 'lights-not-burning'
    expect(found).toEqual([[], [code], [code], [code], []])
  })

  test('a power cut in the evening raises nothing', () => {
    const cut = (t: number) => look({ at: t, ...phaseA(0, 0) })
    expect(run([cut(night), cut(night + 600_000), cut(night + 3_600_000)])).toEqual([[], [], []])
  })

  test('what burned by day stays open over the night, in which it burns by right', () => {
    const welded = (t: number) => look({ at: t, circuits: [offCircuit()] })
    const found = run([
      welded(noon),
      welded(noon + 600_000),
      look({ at: noon + 8 * 3_600_000 }),
      welded(noon + 24 * 3_600_000),
    ])
    const code = 'day-burning'
    expect(found).toEqual([[], [code], [code], [code]])
  })
})
