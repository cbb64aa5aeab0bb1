import { describe, expect, test } from 'vitest'
import type { CircuitPlan } from '../../src/contract/wire/plan.ts'
import { circuitPlanOf, levelAt, nextTransitions, transitions, why } from '../../src/plan/level.ts'
import { lightingDayAt } from '../../src/plan/lighting-day.ts'
import { at, hanoi, off, on, planOf, program, rule, wall } from '../support/lighting-plans.ts'

/** `evening clock level` lines of all changes in [from, to]. */
const story = (plan: CircuitPlan, from: string, to: string, place = hanoi) =>
  transitions(plan, place, at(from, place.timeZone), at(to, place.timeZone)).map(
    (one) => `${wall(one.at, place.timeZone).slice(5)} ${one.level}`,
  )
const level = (plan: CircuitPlan, when: string) => levelAt(plan, hanoi, at(when))

describe('the lighting day', () => {
  test.each([
    ['2026-02-16T12:00', '2026-02-16'],
    ['2026-02-16T23:59', '2026-02-16'],
    ['2026-02-17T00:00', '2026-02-16'],
    ['2026-02-17T11:59', '2026-02-16'],
    ['2026-02-17T12:00', '2026-02-17'],
  ])('%s belongs to the evening of %s', (when, date) => {
    expect(lightingDayAt(at(when), hanoi.timeZone).date).toBe(date)
  })

  test('a date that a zone skips has no moment', () => {
    const apia = 'Pacific/Apia'
    expect(lightingDayAt(Date.UTC(2011, 11, 30, 9, 59), apia).date).toBe('2011-12-29')
    const after = lightingDayAt(Date.UTC(2011, 11, 30, 23), apia)
    expect(wall(after.from, apia)).toBe('2011-12-31T12:00:00')
  })
})

describe('cases of the field', () => {
  test('17:00 to 01:00 every day is one stretch, with no blip at midnight', () => {
    expect(story(planOf(on('17:00', '01:00')), '2026-03-01T12:00', '2026-03-03T12:00')).toEqual([
      '03-01T17:00:00 100',
      '03-02T01:00:00 0',
      '03-02T17:00:00 100',
      '03-03T01:00:00 0',
    ])
  })

  test('06:00 to sunrise is empty when the sun rises before, and never sticks', () => {
    expect(story(planOf(on('06:00', 'sunrise')), '2026-06-01T12:00', '2026-06-08T12:00')).toEqual(
      [],
    )
    expect(story(planOf(on('06:00', 'sunrise')), '2026-12-20T12:00', '2026-12-21T12:00')).toEqual([
      '12-21T06:00:00 100',
      '12-21T06:28:50 0',
    ])
  })

  test('05:00 to sunrise-15 is empty when that is 04:58 or exactly 05:00', () => {
    const plan = planOf(on('05:00', 'sunrise-15'))
    expect(story(plan, '2026-06-05T12:00', '2026-06-06T12:00')).toEqual([])
    expect(story(planOf(on('05:00', '05:00')), '2026-06-05T12:00', '2026-06-06T12:00')).toEqual([])
  })

  test('two levels that touch change directly, with nothing between', () => {
    const plan = planOf(on('18:00', '22:00'), on('22:00', '05:00', 50))
    expect(story(plan, '2026-03-01T12:00', '2026-03-02T12:00')).toEqual([
      '03-01T18:00:00 100',
      '03-01T22:00:00 50',
      '03-02T05:00:00 0',
    ])
  })

  test('part-night: the morning part is empty when the sun is up before it', () => {
    const plan = planOf(on('sunset', '22:00'), on('05:20', 'sunrise'))
    expect(story(plan, '2026-06-20T12:00', '2026-06-21T12:00')).toEqual([
      '06-20T18:40:31 100',
      '06-20T22:00:00 0',
    ])
    expect(story(plan, '2026-12-20T12:00', '2026-12-21T12:00').slice(2)).toEqual([
      '12-21T05:20:00 100',
      '12-21T06:28:50 0',
    ])
  })

  test.each([
    ['after an outage over sunset the lights are on', '18:50', 100],
    ['before sunset they are off', '18:30', 0],
    ['after an outage over sunrise they are off', '05:30', 0],
    ['before sunrise they are on', '05:05', 100],
  ])('%s', (_, clock, expected) => {
    expect(level(planOf(on('sunset', 'sunrise')), `2026-06-21T${clock}`)).toBe(expected)
  })

  test('a rule for the eve of Tet covers noon of 16 February to noon of 17 February', () => {
    const plan: CircuitPlan = {
      rules: [
        rule('tet', {
          kind: 'special',
          dates: [{ from: '2026-02-16', to: '2026-02-16' }],
          program: program(on('12:00', '12:00')),
        }),
        rule('always', { program: program(on('18:00', '22:00', 50)) }),
      ],
      failSafe: off,
    }
    expect(story(plan, '2026-02-15T12:00', '2026-02-18T12:00')).toEqual([
      '02-15T18:00:00 50',
      '02-15T22:00:00 0',
      '02-16T12:00:00 100',
      '02-17T12:00:00 0',
      '02-17T18:00:00 50',
      '02-17T22:00:00 0',
    ])
    expect(why(plan, hanoi, at('2026-02-17T11:59'))).toMatchObject({
      ruleId: 'tet',
      date: '2026-02-16',
    })
  })

  test('a plan edited while its segment is active holds at once', () => {
    const evening = at('2026-03-01T21:00')
    expect(levelAt(planOf(on('18:00', '22:00')), hanoi, evening)).toBe(100)
    expect(levelAt(planOf(on('18:00', '20:00')), hanoi, evening)).toBe(0)
  })

  test('a clock that steps three hours either way gets the level of the new time', () => {
    const plan = planOf(on('18:00', '22:00'))
    expect(level(plan, '2026-03-01T20:00')).toBe(100)
    expect(level(plan, '2026-03-01T23:00')).toBe(0)
    expect(level(plan, '2026-03-01T20:00')).toBe(100)
    expect(level(plan, '2026-03-01T17:00')).toBe(0)
  })

  test('sunset+10 to sunrise-15 switches 730 times in a year', () => {
    const plan = planOf(on('sunset+10', 'sunrise-15'))
    const year = transitions(plan, hanoi, at('2026-01-01T12:00'), at('2027-01-01T12:00'))
    expect(year).toHaveLength(730)
    const onMs = year.reduce((sum, one) => sum + (one.level === 0 ? one.at : -one.at), 0)
    expect(onMs / 3_600_000).toBeGreaterThan(4170)
    expect(onMs / 3_600_000).toBeLessThan(4180)
  })
})

describe('segments', () => {
  const oneNight = (plan: CircuitPlan) => story(plan, '2026-06-20T12:00', '2026-06-21T12:00')

  test('overlapping segments take the highest level', () => {
    const plan = planOf(on('18:00', '05:00', 30), on('20:00', '22:00', 100))
    expect(oneNight(plan)).toEqual([
      '06-20T18:00:00 30',
      '06-20T20:00:00 100',
      '06-20T22:00:00 30',
      '06-21T05:00:00 0',
    ])
  })

  test('adjacent segments of one level are one stretch', () => {
    expect(oneNight(planOf(on('18:00', '22:00'), on('22:00', '04:00')))).toEqual([
      '06-20T18:00:00 100',
      '06-21T04:00:00 0',
    ])
  })

  test('12:00 to 12:00 is on without end, over many days', () => {
    const plan = planOf(on('12:00', '12:00'))
    expect(story(plan, '2026-06-20T12:00', '2026-06-27T12:00')).toEqual([])
    expect(level(plan, '2026-06-21T12:00')).toBe(100)
  })

  test('a segment cannot cross noon: it is empty, or ends there', () => {
    expect(oneNight(planOf(on('11:00', '13:00')))).toEqual([])
    expect(oneNight(planOf(on('sunrise', '12:00')))).toEqual([
      '06-21T05:15:58 100',
      '06-21T12:00:00 0',
    ])
  })

  test.each([
    [{ notBefore: '19:00' }, '06-20T19:00:00 100'],
    [{ notAfter: '18:15' }, '06-20T18:15:00 100'],
    [{ notBefore: '18:00', notAfter: '19:00' }, '06-20T18:40:31 100'],
    [{ notBefore: '12:00', notAfter: '12:00' }, '06-20T18:40:31 100'],
  ])('a sun time is clipped by %o', (clip, first) => {
    const plan = planOf({
      from: { kind: 'sun', event: 'sunset', offsetMin: 0, ...clip },
      to: { kind: 'clock', at: '23:00' },
      level: 100,
    })
    expect(oneNight(plan)[0]).toBe(first)
  })

  test('onlyWhenDark clips both ends to the night', () => {
    const plan = planOf({ ...on('17:00', '06:00'), onlyWhenDark: true })
    expect(oneNight(plan)).toEqual(['06-20T18:40:31 100', '06-21T05:15:58 0'])
    expect(oneNight(planOf({ ...on('13:00', '17:00'), onlyWhenDark: true }))).toEqual([])
  })
})

describe('which rule holds', () => {
  test.each([
    ['special over weekly', rule('b', { kind: 'special' }), rule('a', { kind: 'weekly' })],
    ['weekly over default', rule('b', { kind: 'weekly' }), rule('a', { priority: 9 })],
    ['the higher priority', rule('b', { priority: 2 }), rule('a', { priority: 1 })],
    ['the more specific', rule('b', { specificity: 2 }), rule('a', { updatedAt: 5 })],
    ['the newer', rule('b', { updatedAt: 2 }), rule('a', { updatedAt: 1 })],
    ['the smaller id', rule('a'), rule('b')],
  ])('%s', (_, winner, loser) => {
    const t = at('2026-03-01T20:00')
    for (const rules of [
      [winner, loser],
      [loser, winner],
    ]) {
      expect(why({ rules, failSafe: off }, hanoi, t).ruleId).toBe(winner.id)
    }
  })

  test('weekdays are those of the evening, also after midnight', () => {
    const plan: CircuitPlan = {
      rules: [rule('weekend', { kind: 'weekly', weekdays: [6, 7] })],
      failSafe: off,
    }
    expect(level(plan, '2026-03-01T23:00')).toBe(100)
    expect(level(plan, '2026-03-02T04:00')).toBe(100)
    expect(level(plan, '2026-03-02T23:00')).toBe(0)
  })

  test('an empty list matches no day; weekdays and dates must both agree', () => {
    const only = (more: object): CircuitPlan => ({ rules: [rule('r', more)], failSafe: off })
    expect(level(only({ weekdays: [] }), '2026-03-01T20:00')).toBe(0)
    expect(level(only({ dates: [] }), '2026-03-01T20:00')).toBe(0)
    const both = only({ weekdays: [1], dates: [{ from: '2026-03-01', to: '2026-03-02' }] })
    expect(level(both, '2026-03-01T20:00')).toBe(0)
    expect(level(both, '2026-03-02T20:00')).toBe(100)
  })

  test('no rule: the fail-safe; no sun: the fail-safe; that without a sun: built-in hours', () => {
    const safe = program(on('19:00', '04:00', 60))
    const t = at('2026-06-21T20:00')
    expect(why({ rules: [], failSafe: safe }, hanoi, t)).toMatchObject({
      source: 'fail-safe',
      level: 60,
    })
    const tromso = { lat: 69.65, lon: 18.96, timeZone: 'Europe/Oslo' }
    const sunny = planOf(on('sunset', 'sunrise'))
    const summer = at('2026-06-21T20:00', tromso.timeZone)
    expect(why({ ...sunny, failSafe: safe }, tromso, summer)).toMatchObject({
      source: 'fail-safe',
      level: 60,
    })
    const bothSunny = { ...sunny, failSafe: program(on('sunset', 'sunrise')) }
    expect(story(bothSunny, '2026-06-21T12:00', '2026-06-22T12:00', tromso)).toEqual([
      '06-21T18:00:00 100',
      '06-22T05:30:00 0',
    ])
    expect(why(bothSunny, tromso, summer).source).toBe('built-in')
  })

  test('why names rule, program and the segment that decides', () => {
    const plan = planOf(on('18:00', '05:00', 30), on('20:00', '22:00', 100))
    expect(why(plan, hanoi, at('2026-03-01T21:00'))).toEqual({
      level: 100,
      date: '2026-03-01',
      source: 'rule',
      ruleId: 'r',
      program: { id: 'p', name: 'P' },
      segment: 1,
    })
    expect(why(plan, hanoi, at('2026-03-01T13:00'))).not.toHaveProperty('segment')
  })
})

describe('what comes next', () => {
  test('three changes, over the end of the lighting day', () => {
    const next = nextTransitions(planOf(on('18:00', '22:00')), hanoi, at('2026-03-01T20:00'))
    expect(next.map((one) => `${wall(one.at)} ${one.level}`)).toEqual([
      '2026-03-01T22:00:00 0',
      '2026-03-02T18:00:00 100',
      '2026-03-02T22:00:00 0',
    ])
  })

  test('a plan that never changes has none, and the search ends', () => {
    expect(nextTransitions(planOf(on('12:00', '12:00')), hanoi, at('2026-03-01T20:00'))).toEqual([])
    expect(transitions(planOf(on('18:00', '22:00')), hanoi, 1000, 0)).toEqual([])
  })

  test('an unknown unit or circuit has no plan, also under odd names', () => {
    const plan = {
      format: 1 as const,
      ...hanoi,
      units: { cab1: { circuits: { 'circuit:1': planOf() } } },
    }
    expect(circuitPlanOf(plan, 'cab1', 'circuit:1')).toBeDefined()
    expect(circuitPlanOf(plan, 'cab1', 'circuit:2')).toBeUndefined()
    expect(circuitPlanOf(plan, 'constructor', 'toString')).toBeUndefined()
  })
})

describe('daylight saving', () => {
  const berlin = { lat: 52.52, lon: 13.4, timeZone: 'Europe/Berlin' }
  const night = planOf(on('22:00', '05:00'))

  test.each([
    ['2026-03-28', 6],
    ['2026-10-24', 8],
    ['2026-06-01', 7],
  ])('22:00 to 05:00 on the evening of %s lasts %i hours', (date, hours) => {
    const noon = at(`${date}T12:00`, berlin.timeZone)
    const [first, second] = transitions(night, berlin, noon, noon + 86_400_000)
    expect(((second?.at ?? 0) - (first?.at ?? 0)) / 3_600_000).toBe(hours)
  })

  test('a wall time that is left out moves on; one that comes twice counts first', () => {
    const early = planOf(on('02:30', '05:00'))
    expect(story(early, '2026-03-28T12:00', '2026-03-29T12:00', berlin)[0]).toBe(
      '03-29T03:30:00 100',
    )
    const first = transitions(
      early,
      berlin,
      at('2026-10-24T12:00', berlin.timeZone),
      at('2026-10-25T12:00', berlin.timeZone),
    )[0]
    expect(first?.at).toBe(Date.UTC(2026, 9, 25, 0, 30))
  })
})
