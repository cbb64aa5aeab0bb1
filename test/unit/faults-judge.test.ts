import { array, assert as check, constantFrom, integer, property, record, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { measures } from '../../src/contract/wire/measures.ts'
import {
  type FaultCode,
  faults,
  isFaultCode,
  isWorse,
  severities,
} from '../../src/faults/catalogue.ts'
import { type JudgeMemory, judge, type Verdict } from '../../src/faults/judge.ts'

const code = 'channel-offline' satisfies FaultCode
const { holdMs, clearMs } = faults[code]
const verdict = (state: Verdict['state'], over: Partial<Verdict> = {}): Verdict => ({
  part: 'ch:1',
  code,
  state,
  ...over,
})

/** Judges one look after the other; what came of each. */
function story(looks: readonly (readonly [at: number, ...verdicts: Verdict[]])[]) {
  let memory: JudgeMemory = {}
  return looks.map(([at, ...verdicts]) => {
    const judged = judge(memory, verdicts, at)
    // What is kept is plain JSON: it is stored between looks.
    memory = JSON.parse(JSON.stringify(judged.memory))
    return judged
  })
}
const activeOf = (judged: { active: unknown[] }[]) => judged.map((one) => one.active.length)

describe('a fault', () => {
  test('counts when it has lasted its hold, dated by its first sight', () => {
    const told = story([
      [1000, verdict('fault')],
      [1000 + holdMs - 1, verdict('fault')],
      [1000 + holdMs, verdict('fault', { raw: 'netUnreachable' })],
    ])
    expect(activeOf(told)).toEqual([0, 0, 1])
    expect(told[2]?.active).toEqual([
      { part: 'ch:1', code, since: 1000, severity: 'high', raw: 'netUnreachable' },
    ])
  })

  test('that is gone for a moment begins its hold anew', () => {
    const told = story([
      [0, verdict('fault')],
      [holdMs - 1, verdict('ok')],
      [holdMs, verdict('fault')],
      [2 * holdMs - 1, verdict('fault')],
      [2 * holdMs, verdict('fault')],
    ])
    expect(activeOf(told)).toEqual([0, 0, 0, 0, 1])
    expect(told[4]?.active[0]?.since).toBe(holdMs)
  })

  test('ends when it has been gone for its time to clear, and not for a flicker', () => {
    const from = holdMs
    const told = story([
      [0, verdict('fault')],
      [from, verdict('fault')],
      [from + 1, verdict('ok')],
      [from + clearMs, verdict('fault')],
      [from + clearMs + 1, verdict('ok')],
      [from + 2 * clearMs, verdict('ok')],
      [from + 2 * clearMs + 1, verdict('ok')],
    ])
    expect(activeOf(told)).toEqual([0, 1, 1, 1, 1, 1, 0])
    expect(told[6]?.memory).toEqual({})
  })

  test('without a hold counts at once, and may bring its own hold and severity', () => {
    const [now] = story([[5, { part: '', code: 'credentials-rejected', state: 'fault' }]])
    expect(now?.active).toMatchObject([{ code: 'credentials-rejected', since: 5 }])
    const own = story([
      [0, verdict('fault', { holdMs: 10, severity: 'low' })],
      [10, verdict('fault', { holdMs: 10, severity: 'low' })],
    ])
    expect(own[1]?.active).toMatchObject([{ severity: 'low' }])
  })

  test('is judged once a look: the first word on a key counts', () => {
    const [told] = story([[0, verdict('fault', { holdMs: 0 }), verdict('ok')]])
    expect(told?.active).toHaveLength(1)
  })
})

describe('unknown', () => {
  test('finishes no hold: the next sight begins it anew', () => {
    const told = story([
      [0, verdict('fault')],
      [1, verdict('unknown')],
      [holdMs, verdict('fault')],
      [2 * holdMs, verdict('fault')],
    ])
    expect(activeOf(told)).toEqual([0, 0, 0, 1])
    expect(told[1]?.unknown).toEqual([{ part: 'ch:1', code }])
  })

  test('finishes no clearing: what counted goes on counting', () => {
    const told = story([
      [0, verdict('fault')],
      [holdMs, verdict('fault')],
      [holdMs + 1, verdict('ok')],
      [holdMs + 2, verdict('unknown')],
      [holdMs + 10 * clearMs, verdict('ok')],
      [holdMs + 11 * clearMs, verdict('ok')],
    ])
    expect(activeOf(told)).toEqual([0, 1, 1, 1, 1, 0])
    expect(told[3]?.active[0]?.since).toBe(0)
  })

  test('is what nobody spoke of, and is told as such', () => {
    const told = story([[0, verdict('fault')], [holdMs, verdict('fault')], [holdMs + days]])
    expect(told[2]?.active).toMatchObject([{ part: 'ch:1', code, since: 0 }])
    expect(told[2]?.unknown).toEqual([{ part: 'ch:1', code }])
  })
})
const days = 86_400_000

describe('a clock that steps back', () => {
  test('stretches no hold: it begins at the new time at the latest', () => {
    const told = story([
      [days, verdict('fault')],
      [0, verdict('fault')],
      [holdMs - 1, verdict('fault')],
      [holdMs, verdict('fault')],
    ])
    expect(activeOf(told)).toEqual([0, 0, 0, 1])
  })

  test('stretches no clearing, and dates nothing into the future', () => {
    const told = story([
      [days, verdict('fault')],
      [days + holdMs, verdict('fault')],
      [days + holdMs + 1, verdict('ok')],
      [5, verdict('ok')],
      [5 + clearMs, verdict('ok')],
    ])
    expect(activeOf(told)).toEqual([0, 1, 1, 1, 0])
    expect(told[3]?.active[0]?.since).toBe(5)
  })
})

describe('the next look', () => {
  test.each([
    ['a running hold', [[100, verdict('fault')]], 100 + holdMs],
    ['its own hold', [[100, verdict('fault', { holdMs: 7 })]], 107],
    [
      'nothing once it counts',
      [
        [0, verdict('fault')],
        [holdMs, verdict('fault')],
      ],
      undefined,
    ],
    [
      'a clearing',
      [
        [0, verdict('fault')],
        [holdMs, verdict('fault')],
        [holdMs + 9, verdict('ok')],
      ],
      holdMs + 9 + clearMs,
    ],
    [
      'the earlier of two',
      [[0, verdict('fault'), verdict('fault', { part: 'ch:2', holdMs: 5 })]],
      5,
    ],
    ['nothing when all is well', [[0, verdict('ok')]], undefined],
  ] as const)('is due for %s', (_what, looks, due) => {
    expect(story(looks).at(-1)?.dueAt).toBe(due)
  })
})

describe('whatever is seen', () => {
  const look = record({
    waitMs: integer({ min: -100_000, max: 400_000 }),
    verdicts: array(
      record({
        part: constantFrom('ch:1', 'ch:2', ''),
        code: constantFrom<FaultCode[]>('channel-offline', 'disk-fault', 'ups-on-battery'),
        state: constantFrom<Verdict['state'][]>('fault', 'ok', 'unknown'),
      }),
      { maxLength: 6 },
    ),
  })

  test('the rules hold', async () => {
    await check(
      property(array(look, { maxLength: 30 }), (looks) => {
        let memory: JudgeMemory = {}
        let now = 1_000_000
        for (const { waitMs, verdicts } of looks) {
          now += waitMs
          const before = structuredClone(memory)
          const judged = judge(memory, verdicts, now)
          expect(memory).toEqual(before)
          const first = new Map(
            verdicts.toReversed().map((one) => [`${one.part}|${one.code}`, one]),
          )
          for (const one of judged.active) {
            const key = `${one.part}|${one.code}`
            expect(one.since).toBeLessThanOrEqual(now)
            // What counts now counted before, or is a fault that lasted its hold.
            const counted = before[key]?.since !== undefined
            const held =
              first.get(key)?.state === 'fault' && now - one.since >= faults[one.code].holdMs
            expect(counted || held).toBe(true)
          }
          for (const key of Object.keys(before)) {
            const [part = '', name = ''] = key.split('|')
            const counts = judged.active.some((one) => one.part === part && one.code === name)
            // What counted ends only where it was seen to be well, long enough.
            if (before[key]?.since !== undefined && !counts)
              expect(first.get(key)?.state).toBe('ok')
          }
          if (judged.dueAt !== undefined) expect(Number.isFinite(judged.dueAt)).toBe(true)
          memory = judged.memory
        }
      }),
    )
  })

  test('the order in which different things are told does not matter', async () => {
    const states = tuple(...(['fault', 'ok', 'unknown'] as const).map((one) => constantFrom(one)))
    await check(
      property(states, integer({ min: 0, max: 500_000 }), (given, wait) => {
        const verdicts = given.map((state, i) => verdict(state, { part: `ch:${i}` }))
        const one = judge(judge({}, verdicts, 0).memory, verdicts, wait)
        const two = judge(judge({}, verdicts.toReversed(), 0).memory, verdicts.toReversed(), wait)
        expect(one.memory).toEqual(two.memory)
        expect(one.dueAt).toBe(two.dueAt)
      }),
    )
  })
})

describe('the catalogue', () => {
  test.each(Object.entries(faults))('%s is complete', (name, fault) => {
    expect(name).toMatch(/^[a-z][a-z-]{2,47}$/)
    expect(severities).toContain(fault.severity)
    expect(Object.keys(measures)).toContain(fault.on)
    expect(fault.holdMs).toBeGreaterThanOrEqual(0)
    expect(fault.clearMs).toBeGreaterThanOrEqual(0)
    for (const text of [fault.vi, fault.en, fault.firstStepVi, fault.firstStepEn]) {
      expect(text.trim()).toBe(text)
      expect(text.length).toBeGreaterThan(5)
      expect(text.normalize('NFC')).toBe(text)
    }
    expect(fault.firstStepVi).toMatch(/\.$/)
    expect(fault.firstStepEn).toMatch(/\.$/)
    expect(fault.vi).not.toBe(fault.en)
  })

  test('knows its own codes and no word of a prototype', () => {
    expect(isFaultCode('disk-fault')).toBe(true)
    for (const word of ['constructor', '__proto__', 'toString', ''])
      expect(isFaultCode(word)).toBe(false)
  })

  test('ranks severities', () => {
    expect(severities.toSorted((a, b) => (isWorse(a, b) ? -1 : 1))).toEqual([
      'critical',
      'high',
      'medium',
      'low',
    ])
    for (const one of severities) expect(isWorse(one, one)).toBe(false)
  })
})
