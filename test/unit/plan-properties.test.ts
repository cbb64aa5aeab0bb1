import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Plan } from '../../src/contract/wire/plan.ts'
import { levelAt, nextTransitions, transitions, why } from '../../src/plan/level.ts'
import { chooseRule, comparePrecedence } from '../../src/plan/rules.ts'
import { anyCircuitPlan, anyMoment, anyPlace, anyRules, hanoi } from '../support/lighting-plans.ts'

const hours = fc.integer({ min: 0, max: 96 }).map((n) => n * 3_600_000)

describe('any plan, anywhere', () => {
  test('the level equals the level that the transitions imply', () => {
    fc.assert(
      fc.property(
        anyCircuitPlan,
        anyPlace,
        anyMoment,
        hours,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }),
        (plan, place, from, span, probes) => {
          const changes = transitions(plan, place, from, from + span)
          const start = levelAt(plan, place, from)
          const implied = (t: number) =>
            changes.findLast((change) => change.at <= t)?.level ?? start
          const edges = changes.flatMap(({ at }) => [at - 1, at, at + 1])
          const moments = [...probes.map((p) => Math.round(from + p * span)), ...edges]
          for (const t of moments.filter((one) => one >= from && one <= from + span)) {
            expect(levelAt(plan, place, t)).toBe(implied(t))
            expect(why(plan, place, t).level).toBe(implied(t))
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('transitions are in order, really change the level and lie in (from, to]', () => {
    fc.assert(
      fc.property(anyCircuitPlan, anyPlace, anyMoment, hours, (plan, place, from, span) => {
        let before = { at: from, level: levelAt(plan, place, from) }
        for (const change of transitions(plan, place, from, from + span)) {
          expect(change.at).toBeGreaterThan(before.at)
          expect(change.at).toBeLessThanOrEqual(from + span)
          expect(change.level).not.toBe(before.level)
          before = change
        }
      }),
      { numRuns: 200 },
    )
  })

  test('a search in two halves finds the same as one search', () => {
    fc.assert(
      fc.property(anyCircuitPlan, anyPlace, anyMoment, hours, hours, (plan, place, from, a, b) => {
        const whole = transitions(plan, place, from, from + a + b)
        const halves = [
          ...transitions(plan, place, from, from + a),
          ...transitions(plan, place, from + a, from + a + b),
        ]
        expect(halves).toEqual(whole)
        expect(whole.slice(0, 3)).toEqual(
          nextTransitions(plan, place, from).filter(({ at }) => at <= from + a + b),
        )
      }),
      { numRuns: 200 },
    )
  })

  test('what was asked before does not change an answer', () => {
    fc.assert(
      fc.property(anyCircuitPlan, anyPlace, anyMoment, anyMoment, (plan, place, t, other) => {
        const copy = structuredClone(plan)
        levelAt(plan, place, other)
        levelAt(plan, hanoi, t)
        expect(levelAt(plan, place, t)).toBe(levelAt(copy, place, t))
      }),
      { numRuns: 100 },
    )
  })
})

test('precedence is a total order: the same rule wins in whatever order they come', () => {
  fc.assert(
    fc.property(anyRules, fc.infiniteStream(fc.nat()), (rules, random) => {
      const mixed = rules
        .map((rule) => ({ rule, key: random.next().value ?? 0 }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ rule }) => rule)
      expect(chooseRule(mixed, '2026-03-01')?.id).toBe(chooseRule(rules, '2026-03-01')?.id)
      for (const a of rules) {
        for (const b of rules) {
          if (a !== b)
            expect(Math.sign(comparePrecedence(a, b))).toBe(-Math.sign(comparePrecedence(b, a)))
          if (a !== b) expect(comparePrecedence(a, b)).not.toBe(0)
        }
      }
    }),
    { numRuns: 100 },
  )
})

describe('the plan schema', () => {
  const body = (change: object = {}) => ({
    format: 1,
    ...hanoi,
    units: {},
    ...change,
  })
  const circuits = (circuit: unknown) =>
    body({ units: { cab1: { circuits: { 'circuit:1': circuit } } } })

  test('any JSON is accepted or refused, and what is accepted can be computed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), anyCircuitPlan, anyMoment, (junk, circuit, t) => {
        expect(Plan.safeParse(junk).success).toBe(false)
        const parsed = Plan.safeParse(circuits(circuit))
        const kept = parsed.data?.units['cab1']?.circuits['circuit:1']
        if (kept) expect(levelAt(kept, hanoi, t)).toBe(levelAt(circuit, hanoi, t))
      }),
      { numRuns: 200 },
    )
  })

  const safe = { id: 's', name: 'S', segments: [] }
  const rule = { id: 'r', kind: 'default', priority: 0, program: safe }
  const sun = { kind: 'sun', event: 'sunset', offsetMin: 0 }
  const to = { kind: 'clock', at: '12:00' }
  const withFrom = (from: object) =>
    circuits({ rules: [], failSafe: { ...safe, segments: [{ from, to, level: 100 }] } })

  test.each([
    ['a zone nobody knows', body({ timeZone: 'Asia/Nowhere' })],
    ['an offset for a zone', body({ timeZone: '+07:00' })],
    ['another format', body({ format: 2 })],
    ['two rules of one id', circuits({ rules: [rule, rule], failSafe: safe })],
    [
      'a date that is none',
      circuits({
        rules: [{ ...rule, dates: [{ from: '2026-02-30', to: '2026-03-01' }] }],
        failSafe: safe,
      }),
    ],
    [
      'a range that ends before it begins',
      circuits({
        rules: [{ ...rule, dates: [{ from: '2026-03-02', to: '2026-03-01' }] }],
        failSafe: safe,
      }),
    ],
    ['24:00', withFrom({ kind: 'clock', at: '24:00' })],
    ['notBefore after notAfter', withFrom({ ...sun, notBefore: '01:00', notAfter: '23:00' })],
    [
      'a level above 100',
      circuits({ rules: [], failSafe: { ...safe, segments: [{ from: sun, to, level: 101 }] } }),
    ],
  ])('refuses %s', (_, plan) => {
    expect(Plan.safeParse(plan).success).toBe(false)
  })

  test.each([
    [
      'notBefore before midnight and notAfter behind it',
      { ...sun, notBefore: '23:00', notAfter: '01:00' },
    ],
    ['notAfter 12:00, the next noon', { ...sun, notBefore: '18:00', notAfter: '12:00' }],
  ])('takes %s', (_, from) => {
    expect(Plan.safeParse(withFrom(from)).success).toBe(true)
  })

  test.each(['Asia/Ho_Chi_Minh', 'Asia/Saigon', 'Europe/Berlin', 'UTC'])('knows %s', (timeZone) => {
    expect(Plan.safeParse(body({ timeZone })).success).toBe(true)
  })
})

test('the time zone of the process does not matter', () => {
  const script = `
    import { sectionHash } from './src/plan/hash.ts'
    import { transitions, why } from './src/plan/level.ts'
    const sun = (event, offsetMin) => ({ kind: 'sun', event, offsetMin })
    const failSafe = { id: 'p', name: 'P', segments: [
      { from: sun('sunset', 10), to: { kind: 'clock', at: '00:30' }, level: 100, onlyWhenDark: true },
      { from: { kind: 'clock', at: '02:30' }, to: sun('sunrise', -15), level: 50 } ] }
    const rules = [{ id: 'w', kind: 'weekly', priority: 0, weekdays: [6, 7], program: failSafe }]
    const out = ['Asia/Ho_Chi_Minh', 'Europe/Berlin', 'America/New_York'].map((timeZone) => {
      const place = { lat: 21.0285, lon: 105.8542, timeZone }
      const found = transitions({ rules, failSafe }, place, 1767225600000, 1798761600000)
      return [found.length, sectionHash(found), why({ rules, failSafe }, place, 1774742400000)]
    })
    console.log(new Date(1774742400000).getHours(), JSON.stringify(out))`
  const run = (TZ: string) =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, TZ },
      encoding: 'utf8',
    }).split(/ (.*)/s)
  const [vietnamHour, vietnam] = run('Asia/Ho_Chi_Minh')
  const [newYorkHour, newYork] = run('America/New_York')
  expect(vietnamHour).not.toBe(newYorkHour)
  expect(newYork).toBe(vietnam)
  expect(JSON.parse(vietnam ?? '')[0][0]).toBeGreaterThan(1000)
})
