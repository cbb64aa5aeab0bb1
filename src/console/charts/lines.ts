export type Row = { at: string; part: string; values: Record<string, number | null> }

/** One line of a chart; `values[i]` belongs to `at[i]` of the chart, null is a gap. */
export type Line = { part: string; field: string; values: (number | null)[] }
export type Lines = { at: number[]; lines: Line[] }

/** The store keeps a sample at least each five minutes: shorter pauses are never a gap. */
const silentMs = 11 * 60_000
/** Neighbours that tell how often a device reports; some agents report each 15 minutes only. */
const neighbours = 5

/**
 * Rows of the series as lines on one time axis. Where samples are missing for longer than they
 * may, a null breaks the line: a gap is never drawn over. Pure.
 */
export function toLines(
  rows: readonly Row[],
  fields: readonly string[],
  span: { from: number; to: number; everyMs?: number | undefined },
): Lines {
  const leastMs = Math.max(silentMs, (span.everyMs ?? 0) * 1.5)
  const found = Map.groupBy(rows, (row) => row.part)
  const parts = [...found.keys()].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const times = new Set(rows.map((row) => Date.parse(row.at)))
  const breaks = parts.map((part) => breaksOf(found.get(part) ?? [], leastMs, span.to))
  for (const at of breaks.flat()) times.add(at)
  const at = [...times].sort((a, b) => a - b)
  const lines = parts.flatMap((part, index) => {
    const byTime = new Map((found.get(part) ?? []).map((row) => [Date.parse(row.at), row.values]))
    const broken = new Set(breaks[index])
    return fields.map((field) => ({ part, field, values: valuesOf(at, byTime, { broken, field }) }))
  })
  return { at, lines: lines.filter((line) => line.values.some((value) => value !== null)) }
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/**
 * Moments at which a part fell silent: after its last sample before a pause much longer than the
 * pauses around it.
 */
function breaksOf(rows: readonly Row[], leastMs: number, to: number): number[] {
  const times = rows.map((row) => Date.parse(row.at)).sort((a, b) => a - b)
  const pauses = times.map((at, index) => (times[index + 1] ?? to) - at)
  return times.flatMap((at, index) => {
    const before = middle(pauses.slice(Math.max(0, index - neighbours), index))
    const after = middle(pauses.slice(index + 1, index + 1 + neighbours))
    const breakMs = Math.max(leastMs, 2.5 * before, 2.5 * after)
    return (pauses[index] ?? 0) > breakMs ? [at + leastMs] : []
  })
}

/**
 * Values of one line at every time of the chart. Another part's times in between hold the last
 * value, so that one line's samples do not tear the other.
 */
function valuesOf(
  at: readonly number[],
  byTime: ReadonlyMap<number, Record<string, number | null>>,
  { broken, field }: { broken: ReadonlySet<number>; field: string },
): (number | null)[] {
  let held: number | null = null
  return at.map((time) => {
    if (broken.has(time)) held = null
    const row = byTime.get(time)
    if (row) held = row[field] ?? null
    return held
  })
}

/** Lowest, highest, latest; undefined for a line without a value. */
export function extremes(values: readonly (number | null)[]) {
  const known = values.filter((value): value is number => value !== null)
  const latest = known.at(-1)
  if (latest === undefined) return undefined
  return {
    lowest: known.reduce((a, b) => Math.min(a, b)),
    highest: known.reduce((a, b) => Math.max(a, b)),
    latest,
  }
}
