import type { CircuitPlan, Program } from '../contract/wire/plan.ts'
import { builtInHours } from './fail-safe.ts'
import { type LightingDay, lightingDay, lightingDayAt, nextLightingDay } from './lighting-day.ts'
import { chooseRule } from './rules.ts'
import { layOut, type Piece } from './segments.ts'
import type { Place } from './sun.ts'

/** One lighting day of one circuit, worked out. */
export type DayPlan = LightingDay & {
  /** `fail-safe`: no rule matched or the sun is missing. `built-in`: that needs the sun, too. */
  source: 'rule' | 'fail-safe' | 'built-in'
  ruleId?: string
  program: { id: string; name: string }
  pieces: readonly Piece[]
}

type Tried = { source: DayPlan['source']; ruleId?: string; program: Program }

function workOut(plan: CircuitPlan, place: Place, day: LightingDay): DayPlan {
  const rule = chooseRule(plan.rules, day.date)
  const order: Tried[] = [
    ...(rule ? [{ source: 'rule' as const, ruleId: rule.id, program: rule.program }] : []),
    { source: 'fail-safe', program: plan.failSafe },
    { source: 'built-in', program: builtInHours },
  ]
  for (const { program, ...how } of order) {
    const pieces = layOut(program, { day, place })
    if (pieces) return { ...day, ...how, program: { id: program.id, name: program.name }, pieces }
  }
  throw new Error('the built-in hours need no sun')
}

type Memo = { place: Place; days: Map<string, DayPlan>; last?: DayPlan }

/** Only a memo: answers are the same without it. A circuit plan is a value and never changed. */
const memos = new WeakMap<CircuitPlan, Memo>()
const keptDays = 16

const samePlace = (a: Place, b: Place): boolean =>
  a.lat === b.lat && a.lon === b.lon && a.timeZone === b.timeZone

function memoOf(plan: CircuitPlan, place: Place): Memo {
  const known = memos.get(plan)
  if (known && samePlace(known.place, place)) return known
  const fresh: Memo = { place: { ...place }, days: new Map() }
  memos.set(plan, fresh)
  return fresh
}

function remembered(plan: CircuitPlan, place: Place, day: LightingDay): DayPlan {
  const memo = memoOf(plan, place)
  let found = memo.days.get(day.date)
  if (!found) {
    found = workOut(plan, place, day)
    if (memo.days.size >= keptDays) memo.days.clear()
    memo.days.set(day.date, found)
  }
  memo.last = found
  return found
}

/** The lighting day that covers `t`; a second look within the same day costs next to nothing. */
export function dayPlanAt(plan: CircuitPlan, place: Place, t: number): DayPlan {
  const { last } = memoOf(plan, place)
  if (last && last.from <= t && t < last.to) return last
  return remembered(plan, place, lightingDayAt(t, place.timeZone))
}

/** The lighting day whose evening has this date. */
export const dayPlanOn = (plan: CircuitPlan, place: Place, date: string): DayPlan =>
  remembered(plan, place, lightingDay(date, place.timeZone))

export const nextDayPlan = (plan: CircuitPlan, place: Place, day: DayPlan): DayPlan =>
  remembered(plan, place, nextLightingDay(day, place.timeZone))
