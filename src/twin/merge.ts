import type { Sample } from '../contract/wire/messages.ts'

/** What one part last said. `at` is when it was measured, epoch ms. */
export type PartState = {
  at: number
  values: Record<string, number | null>
  reasons?: Record<string, string>
}
export type UnitState = { kind: string; at: number; parts: Record<string, PartState> }

/** A unit has so many parts at most; an agent that invents names does not fill our memory. */
const mostParts = 600

/** Reasons come as `part/name` or `part`; returns those of one part by name ('' = all of it). */
function reasonsOf(sample: Sample, part: string): Record<string, string> | undefined {
  if (!sample.reasons) return undefined
  const mine = Object.entries(sample.reasons).flatMap(([key, reason]) => {
    if (key === part) return [['', reason]]
    return key.startsWith(`${part}/`) ? [[key.slice(part.length + 1), reason]] : []
  })
  return mine.length > 0 ? Object.fromEntries(mine) : undefined
}

/**
 * Takes a sample into what a unit last said. Newest measured wins, by part: a late sample never
 * overwrites a newer one. Returns the same object when nothing is newer. Pure.
 */
export function merge(before: UnitState | undefined, sample: Sample, at: number): UnitState {
  const newer = Object.entries(sample.parts).filter(
    ([part]) => at >= (before?.parts[part]?.at ?? Number.NEGATIVE_INFINITY),
  )
  if (newer.length === 0 && before) return before
  const parts = { ...before?.parts }
  for (const [part, values] of newer) {
    if (!Object.hasOwn(parts, part) && Object.keys(parts).length >= mostParts) continue
    const reasons = reasonsOf(sample, part)
    parts[part] = { at, values, ...(reasons ? { reasons } : {}) }
  }
  const kind = before && before.at > at ? before.kind : sample.kind
  return { kind, at: Math.max(at, before?.at ?? at), parts }
}
