import type { ActiveCondition, UnknownScope } from '../contract/wire/messages.ts'

type LocalKey = { unit: string; part: string; code: string }

/** An open alert under the local name by which its agent reports it. */
export type OpenAlert = LocalKey & { assetId: string }

export type Reconciled<T extends OpenAlert> = {
  /** Judged now and not in the set any more, or in it for another asset since a rebinding. */
  ended: T[]
  /** Not judged now, also when the agent goes on naming it: neither resolved nor seen. */
  unknown: T[]
}

const keyOf = (one: LocalKey) => `${one.unit}|${one.part}|${one.code}`

/** Does this key fall under what cannot be judged? */
export const isUnknown = (unknown: readonly UnknownScope[], one: LocalKey): boolean =>
  unknown.some(
    (scope) =>
      scope.unit === one.unit &&
      (scope.part === undefined || scope.part === one.part) &&
      (scope.code === undefined || scope.code === one.code),
  )

/**
 * Compares the open alerts of an agent with its newest full set. Pure. State, not edges: whatever
 * happened in between, what is open and not in the set is over, unless it cannot be judged now.
 * `assetOf` says what a local name is bound to now.
 */
export function reconcile<T extends OpenAlert>(
  open: readonly T[],
  set: { active: readonly ActiveCondition[]; unknown: readonly UnknownScope[] },
  assetOf: (unit: string, part: string) => string | undefined,
): Reconciled<T> {
  const present = new Set(set.active.map(keyOf))
  const result: Reconciled<T> = { ended: [], unknown: [] }
  for (const alert of open) {
    const isRebound = assetOf(alert.unit, alert.part) !== alert.assetId
    const isFrozen = !isRebound && isUnknown(set.unknown, alert)
    if (present.has(keyOf(alert)) && !isRebound && !isFrozen) continue
    result[isFrozen ? 'unknown' : 'ended'].push(alert)
  }
  return result
}
