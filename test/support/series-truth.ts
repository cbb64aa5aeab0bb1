import type { Aggregate, Point } from '../../src/ingest/series.ts'

const fiveMinutes = 300_000

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length

const pick = (values: number[], how: Aggregate): number => {
  if (how === 'mean') return mean(values)
  if (how === 'min') return Math.min(...values)
  return how === 'max' ? Math.max(...values) : (values.at(-1) ?? Number.NaN)
}

/**
 * The answer to a bucketed query worked out the slow way from the points themselves: the mean of a
 * bucket of 5 minutes or more is the mean of its 5-minute means.
 */
export function bruteForce(
  points: Point[],
  query: { field: string; from: number; to: number; everyMs: number; how: Aggregate },
): Map<number, number> {
  const { field, from, to, everyMs, how } = query
  const inside = points
    .filter((p) => p.at >= from && p.at < to && p.fields[field] !== undefined)
    .sort((a, b) => a.at - b.at)
  const buckets = Map.groupBy(inside, (p) => Math.floor(p.at / everyMs) * everyMs)
  const value = (ofBucket: Point[]): number => {
    const all = (some: Point[]) => some.map((p) => p.fields[field] ?? Number.NaN)
    if (how !== 'mean' || everyMs < fiveMinutes) return pick(all(ofBucket), how)
    const windows = Map.groupBy(ofBucket, (p) => Math.floor(p.at / fiveMinutes))
    return mean([...windows.values()].map((window) => mean(all(window))))
  }
  return new Map([...buckets].map(([at, ofBucket]) => [at, value(ofBucket)]))
}
