export type Row = { at: string; part: string; values: Record<string, number | null> }

/** One line of a chart; `values[i]` belongs to `at[i]` of the chart, null is a gap. */
export type Line = { part: string; field: string; values: (number | null)[] }
export type Lines = { at: number[]; lines: Line[] }

/** Longer than this without a sample and the line must break. */
const silentMs = 11 * 60_000

/**
 * Rows of the series as lines on one time axis. Where samples are missing for longer than they
 * may, a null breaks the line: a gap is never drawn over. Pure.
 */
export function toLines(
  rows: readonly Row[],
  fields: readonly string[],
  span: { from: number; to: number; everyMs?: number | undefined },
): Lines {
  const breakMs = span.everyMs === undefined ? silentMs : span.everyMs * 1.5
  const found = Map.groupBy(rows, (row) => row.part)
  const parts = [...found.keys()].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const times = new Set(rows.map((row) => Date.parse(row.at)))
  const breaks = parts.map((part) => breaksOf(found.get(part) ?? [], breakMs, span.to))
  for (const at of breaks.flat()) times.add(at)
  const at = [...times].sort((a, b) => a - b)
  const lines = parts.flatMap((part, index) => {
    const byTime = new Map((found.get(part) ?? []).map((row) => [Date.parse(row.at), row.values]))
    const broken = new Set(breaks[index])
    return fields.map((field) => ({ part, field, values: valuesOf(at, byTime, { broken, field }) }))
  })
  return { at, lines: lines.filter((line) => line.values.some((value) => value !== null)) }
}

/** Moments at which a part fell silent: one breath after its last sample before a long pause. */
function breaksOf(rows: readonly Row[], breakMs: number, to: number): number[] {
  const times = rows.map((row) => Date.parse(row.at)).sort((a, b) => a - b)
  return times.flatMap((at, index) => {
    const next = times[index + 1] ?? to
    return next - at > breakMs ? [Math.min(at + breakMs, next - 1)] : []
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
