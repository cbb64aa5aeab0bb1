import type { ClockState } from './sla.ts'

export type Counted = { met: number; breached: number; running: number; percent: number | null }

/** met ÷ (met + breached) in percent with one decimal, rounded down: 99.96 is not 100. */
export const percentOf = (met: number, breached: number): number | null =>
  met + breached === 0 ? null : Math.floor((met / (met + breached)) * 1000) / 10

/** Counts clocks by state. A clock that runs decides nothing yet, unless it is breached already. */
export function count(clocks: readonly ClockState[]): Counted {
  const by = { met: 0, breached: 0, running: 0 }
  for (const { state } of clocks) by[state] += 1
  return { ...by, percent: percentOf(by.met, by.breached) }
}

/** First and last moment of a calendar month (`YYYY-MM`) in a zone, epoch ms, half-open. */
export function monthSpan(month: string, timeZone: string): { from: number; to: number } {
  const first = Temporal.PlainYearMonth.from(month).toPlainDate({ day: 1 })
  const at = (day: Temporal.PlainDate) => day.toZonedDateTime(timeZone).epochMilliseconds
  return { from: at(first), to: at(first.add({ months: 1 })) }
}

/** Every area with all areas below it, by the tree of the report's time. Pure. */
export function subtrees(
  nodes: readonly { id: string; parentId: string | null }[],
): Map<string, Set<string>> {
  const parents = new Map(nodes.map((node) => [node.id, node.parentId]))
  const below = new Map<string, Set<string>>(nodes.map((node) => [node.id, new Set([node.id])]))
  for (const { id } of nodes) {
    let up = parents.get(id)
    for (let steps = 0; up && steps < nodes.length; steps += 1) {
      below.get(up)?.add(id)
      up = parents.get(up)
    }
  }
  return below
}
