import type { CircuitPlan, Plan } from '../contract/wire/plan.ts'
import { type DayPlan, dayPlanAt, nextDayPlan } from './day-plan.ts'
import type { Piece } from './segments.ts'
import type { Place } from './sun.ts'

/**
 * What a lighting plan means. Promises: the level is a pure function of (circuit plan, place,
 * moment), the same on hub and agent; nothing depends on what was switched before, on the process
 * time zone or on midnight. Never: I/O, timers, overrides (they stand above the plan).
 */

/** From `at` (epoch ms) on the level is `level`; before it, it was another. */
export type Transition = { at: number; level: number }

export type Why = {
  level: number
  /** Evening's date of the lighting day. */
  date: string
  source: DayPlan['source']
  ruleId?: string
  program: { id: string; name: string }
  /** Index of the program's segment; absent when none covers the moment. */
  segment?: number
}

/** Where the plan is computed for. */
export const placeOf = ({ lat, lon, timeZone }: Plan): Place => ({ lat, lon, timeZone })

const ownValue = <T>(record: Record<string, T>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined

/** The plan of one circuit (`circuit:1`) of one unit (`cab1`), if the plan names it. */
export function circuitPlanOf(plan: Plan, unit: string, part: string): CircuitPlan | undefined {
  const circuits = ownValue(plan.units, unit)?.circuits
  return circuits && ownValue(circuits, part)
}

const pieceAt = (day: DayPlan, t: number): Piece | undefined =>
  day.pieces.find(({ from, to }) => from <= t && t < to)

/** Level in percent that the plan wants at `t` (epoch ms); 0 is off. */
export const levelAt = (plan: CircuitPlan, place: Place, t: number): number =>
  pieceAt(dayPlanAt(plan, place, t), t)?.level ?? 0

/** Why the level is what it is at `t`. */
export function why(plan: CircuitPlan, place: Place, t: number): Why {
  const day = dayPlanAt(plan, place, t)
  const piece = pieceAt(day, t)
  return {
    level: piece?.level ?? 0,
    date: day.date,
    source: day.source,
    ...(day.ruleId === undefined ? {} : { ruleId: day.ruleId }),
    program: day.program,
    ...(piece?.segment === undefined ? {} : { segment: piece.segment }),
  }
}

function* changes(
  plan: CircuitPlan,
  place: Place,
  from: number,
  to: number,
): Generator<Transition> {
  let day = dayPlanAt(plan, place, from)
  let level = levelAt(plan, place, from)
  while (day.from <= to) {
    for (const piece of day.pieces) {
      if (piece.from <= from || piece.level === level) continue
      if (piece.from > to) return
      level = piece.level
      yield { at: piece.from, level }
    }
    day = nextDayPlan(plan, place, day)
  }
}

/**
 * Every change of level after `from` and up to and including `to`, in order: what touches at the
 * same level is one stretch. Empty when `to` is not after `from`.
 */
export const transitions = (
  plan: CircuitPlan,
  place: Place,
  from: number,
  to: number,
): Transition[] => (to > from ? [...changes(plan, place, from, to)] : [])

const horizonMs = 8 * 86_400_000

/** The next changes after `t`: at most `count`, and none beyond eight days. */
export const nextTransitions = (
  plan: CircuitPlan,
  place: Place,
  t: number,
  count = 3,
): Transition[] =>
  changes(plan, place, t, t + horizonMs)
    .take(count)
    .toArray()
