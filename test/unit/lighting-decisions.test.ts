import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Plan } from '../../src/contract/wire/plan.ts'
import { demandWholeWeek } from '../../src/lighting/check.ts'
import {
  type AreaProgram,
  type CircuitPlace,
  compilePlans,
  programFor,
} from '../../src/lighting/compile.ts'
import { previewNights } from '../../src/lighting/preview.ts'
import { sectionHash } from '../../src/plan/hash.ts'

const place = { timeZone: 'Asia/Ho_Chi_Minh', lat: 18.68, lon: 105.68 }
const hours = (from: string, to: string, level = 100) => ({
  ...{ from: { kind: 'clock' as const, at: from }, to: { kind: 'clock' as const, at: to }, level },
})
const everyDay = [1, 2, 3, 4, 5, 6, 7]
const program = (areaId: string, version = 1): AreaProgram => ({
  ...{ areaId, name: `Chương trình ${areaId}`, version },
  weekly: [{ weekdays: [...everyDay].reverse(), segments: [hours('18:00', '05:00')] }],
})
const circuit = (n: number, areas: readonly string[], agentId = 'agent-a'): CircuitPlace => ({
  ...{ agentId, unit: 'cab1', part: `circuit:${n}`, areas },
})

describe('compiling plans', () => {
  it('takes the nearest area that has a program, and the fail-safe where none has', () => {
    const programs = new Map([
      ['commune', program('commune')],
      ['province', program('province')],
    ])
    expect(programFor(['hamlet', 'commune', 'province'], programs)?.areaId).toBe('commune')
    expect(programFor(['other', 'province'], programs)?.areaId).toBe('province')
    expect(programFor(['nowhere'], programs)).toBeUndefined()
    const plan = compilePlans(
      [circuit(1, ['nowhere']), circuit(2, ['hamlet', 'commune'])],
      programs,
      () => place,
    ).get('agent-a')
    expect(plan?.units['cab1']?.circuits['circuit:1']).toMatchObject({
      rules: [],
      failSafe: { id: 'fail-safe' },
    })
    expect(plan?.units['cab1']?.circuits['circuit:2']?.rules[0]).toMatchObject({
      id: 'commune/1/0',
      weekdays: everyDay,
    })
  })

  it('gives a plan that agents accept, and the same hash whatever the order of what was read', () => {
    const area = fc.constantFrom('a', 'b', 'c')
    const circuits = fc.uniqueArray(
      fc.record({
        n: fc.integer({ min: 1, max: 6 }),
        agentId: fc.constantFrom('agent-a', 'agent-b'),
        areas: fc.uniqueArray(area, { maxLength: 3 }),
      }),
      { selector: (one) => `${one.agentId}/${one.n}`, maxLength: 8 },
    )
    fc.assert(
      fc.property(
        circuits.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        fc.uniqueArray(area),
        ([list, shuffled], with_) => {
          const compile = (some: typeof list, names: readonly string[]) =>
            compilePlans(
              some.map((one) => circuit(one.n, one.areas, one.agentId)),
              new Map(names.map((name) => [name, program(name)])),
              () => place,
            )
          const plans = compile(list, with_)
          const others = compile(shuffled, with_.toReversed())
          for (const [agentId, plan] of plans) {
            expect(Plan.safeParse(plan).success).toBe(true)
            expect(sectionHash(others.get(agentId))).toBe(sectionHash(plan))
          }
          expect(others.size).toBe(plans.size)
        },
      ),
    )
  })
})

describe('a week of hours', () => {
  const row = (weekdays: number[]) => ({ weekdays, segments: [] })
  const problemOf = (weekly: ReturnType<typeof row>[]) => {
    try {
      demandWholeWeek({ weekly })
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }
  it.each([
    ['whole', [row([1, 2, 3, 4, 5]), row([6, 7])], undefined],
    ['a day twice', [row(everyDay), row([3])], 'Wednesday stands in two rows'],
    ['a day twice in one row', [row([1, ...everyDay])], 'Monday stands in two rows'],
    [
      'days missing',
      [row([1, 2, 3, 4, 5])],
      'no hours for Saturday, Sunday; give an empty row for dark evenings',
    ],
    [
      'nothing',
      [],
      'no hours for Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday; give an empty row for dark evenings',
    ],
  ] as const)('%s', (_, weekly, expected) => {
    expect(problemOf(weekly as never)).toBe(expected)
  })
})

describe('preview', () => {
  const from = Date.parse('2026-11-24T09:00:00+07:00')
  const nights = (weekly: AreaProgram['weekly'], n = 7) =>
    previewNights(weekly, place, { from, nights: n })

  it('shows seven evenings with their changes and the minutes lit', () => {
    const weekend = [6, 7]
    const seen = nights([
      {
        weekdays: everyDay.filter((day) => !weekend.includes(day)),
        segments: [hours('18:00', '05:00')],
      },
      { weekdays: weekend, segments: [] },
    ])
    expect(seen.map((night) => [night.date, night.minutesLit])).toEqual([
      ['2026-11-23', 660],
      ['2026-11-24', 660],
      ['2026-11-25', 660],
      ['2026-11-26', 660],
      ['2026-11-27', 660],
      ['2026-11-28', 0],
      ['2026-11-29', 0],
    ])
    expect(seen[1]?.transitions).toEqual([
      { at: '2026-11-24T11:00:00.000Z', level: 100 },
      { at: '2026-11-24T22:00:00.000Z', level: 0 },
    ])
    expect(seen[5]?.transitions).toEqual([])
  })

  it('begins with the level that the evening begins with', () => {
    const [night] = nights([{ weekdays: everyDay, segments: [hours('12:00', '13:00', 40)] }], 1)
    expect(night?.transitions.map((one) => one.level)).toEqual([40, 0])
    expect(night?.minutesLit).toBe(60)
  })
})
