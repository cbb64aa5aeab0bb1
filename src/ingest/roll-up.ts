import { hours, minutes } from '../core/clock.ts'

/**
 * What a window says about one field. `count` tells what the mean was made of: samples in a
 * 5-minute window, 5-minute windows in a longer one.
 */
export type Cell = { mean: number; min: number; max: number; last: number; count: number }

/** Cells stand in the order of the fields that were asked for. */
export type Window = { at: number; cells: (Cell | undefined)[] }

export type Sample = { at: number; values: (number | null)[] }

export type Level = 'raw' | 'm5' | 'h1'

export const windowMs: Readonly<Record<Exclude<Level, 'raw'>, number>> = {
  m5: minutes(5),
  h1: hours(1),
}

export const floorTo = (at: number, stepMs: number): number => Math.floor(at / stepMs) * stepMs

/** Suffixes of the fields of a rolled-up row; the mean keeps the field's own name. */
export const cellSuffixes = ['', '_min', '_max', '_last', '_count'] as const

type Sum = Cell & { sum: number }

function addTo(sum: Sum | undefined, cell: Cell, weight: number): Sum {
  if (!sum) return { ...cell, sum: cell.mean * weight, count: weight }
  sum.sum += cell.mean * weight
  sum.count += weight
  if (cell.min < sum.min) sum.min = cell.min
  if (cell.max > sum.max) sum.max = cell.max
  sum.last = cell.last
  return sum
}

/** Floating sums may leave [min, max] by an ulp; a mean never does. */
const toCell = ({ sum, min, max, last, count }: Sum): Cell => ({
  mean: Math.min(max, Math.max(min, sum / count)),
  min,
  max,
  last,
  count,
})

type Bucket = { at: number; sums: (Sum | undefined)[] }

const finish = (buckets: Iterable<Bucket>): Window[] =>
  Array.from(buckets, ({ at, sums }) => ({ at, cells: sums.map((sum) => sum && toCell(sum)) }))

function bucketAt(buckets: Map<number, Bucket>, at: number): Bucket {
  const found = buckets.get(at)
  if (found) return found
  const made: Bucket = { at, sums: [] }
  buckets.set(at, made)
  return made
}

/** Samples in order of time, grouped by `bucketOf`; each sample weighs the same. */
export function rollUpSamples(
  samples: Iterable<Sample>,
  bucketOf: (at: number) => number,
): Window[] {
  const buckets = new Map<number, Bucket>()
  for (const { at, values } of samples) {
    const { sums } = bucketAt(buckets, bucketOf(at))
    for (let i = 0; i < values.length; i++) {
      const v = values[i]
      if (v === null || v === undefined) sums[i] ??= undefined
      else sums[i] = addTo(sums[i], { mean: v, min: v, max: v, last: v, count: 1 }, 1)
    }
  }
  return finish(buckets.values())
}

/**
 * Windows in order of time, grouped by `bucketOf`. Each 5 minutes weigh the same: a 5-minute window
 * once, an hourly one as often as it holds 5-minute windows.
 */
export function combine(
  windows: Iterable<Window & { level: 'm5' | 'h1' }>,
  bucketOf: (at: number) => number,
): Window[] {
  const buckets = new Map<number, Bucket>()
  for (const { at, cells, level } of windows) {
    const { sums } = bucketAt(buckets, bucketOf(at))
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]
      if (!cell) sums[i] ??= undefined
      else sums[i] = addTo(sums[i], cell, level === 'h1' ? cell.count : 1)
    }
  }
  return finish(buckets.values())
}

/** Both levels of one hour (or more) from its raw samples, in order of time. */
export function rollUpHour(samples: Iterable<Sample>): { m5: Window[]; h1: Window[] } {
  const m5 = rollUpSamples(samples, (at) => floorTo(at, windowMs.m5))
  const tagged = m5.map((window) => ({ ...window, level: 'm5' as const }))
  return { m5, h1: combine(tagged, (at) => floorTo(at, windowMs.h1)) }
}
