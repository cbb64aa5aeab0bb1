import type { ClockTrust } from '../../src/contract/wire/common.ts'
import { hours } from '../../src/core/clock.ts'
import { builtInCircuitPlan } from '../../src/plan/fail-safe.ts'
import { circuitPlanOf, levelAt, placeOf } from '../../src/plan/level.ts'
import type { Place } from '../../src/plan/sun.ts'
import type { HeldPlan } from './plan-store.ts'

/** `null`: nobody knows; the relay is left as it is. */
export type Level = number | null
export type Levels = Record<string, Level>

/** What survives a restart: the last levels wanted, and how long they are held without a clock. */
export type Kept = { levels: Record<string, number>; heldMs: number }

/** No Vietnamese night is longer: what burns after this burns by day. */
export const longestHoldMs = hours(14)

export type Wanted = {
  levels: Levels
  cause: 'plan' | 'built-in' | 'held' | 'hold-ended' | 'unknown'
  kept: Kept | undefined
}

/** Levels by the plan, or by the sun for a circuit that no plan names. */
export function plannedLevels(
  held: HeldPlan | undefined,
  { unit, parts, place, at }: { unit: string; parts: readonly string[]; place: Place; at: number },
): Record<string, number> {
  const levels: Record<string, number> = {}
  for (const part of parts) {
    const circuit = held && circuitPlanOf(held.plan, unit, part)
    levels[part] = circuit
      ? levelAt(circuit, placeOf(held.plan), at)
      : levelAt(builtInCircuitPlan, place, at)
  }
  return levels
}

const every = (parts: readonly string[], level: Level): Levels =>
  Object.fromEntries(parts.map((part) => [part, level]))

/**
 * What each circuit should do now. With a clock that may be believed: the plan. Without: what was
 * last wanted, for at most 14 hours, then off; and if nothing was ever wanted, nothing is touched.
 */
export function decide(options: {
  trust: ClockTrust
  parts: readonly string[]
  planned: () => { levels: Record<string, number>; named: boolean }
  kept: Kept | undefined
  /** Time since the last decision. */
  sinceMs: number
}): Wanted {
  const { trust, parts, kept } = options
  if (trust !== 'untrusted') {
    const { levels, named } = options.planned()
    return { levels, cause: named ? 'plan' : 'built-in', kept: { levels, heldMs: 0 } }
  }
  if (!kept) return { levels: every(parts, null), cause: 'unknown', kept }
  const heldMs = kept.heldMs + options.sinceMs
  const next = { levels: kept.levels, heldMs }
  if (heldMs > longestHoldMs) return { levels: every(parts, 0), cause: 'hold-ended', kept: next }
  const levels = Object.fromEntries(parts.map((part) => [part, kept.levels[part] ?? null]))
  return { levels, cause: 'held', kept: next }
}
