/**
 * Sets of whole numbers as merged, sorted, inclusive ranges: what the hub remembers of the outbox
 * ids it received. A year of an agent that lost nothing is one pair. Pure; inputs stay unchanged.
 */
export type Range = readonly [from: number, to: number]
export type Ranges = readonly Range[]

/** Index of the first range that ends at or behind `n - 1`, that is, could hold or touch `n`. */
function firstTouching(ranges: Ranges, n: number): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const range = ranges[middle]
    if (range && range[1] < n - 1) low = middle + 1
    else high = middle
  }
  return low
}

/** True when `n` is in the set. */
export function has(ranges: Ranges, n: number): boolean {
  const range = ranges[firstTouching(ranges, n)]
  return range !== undefined && range[0] <= n && n <= range[1]
}

/** The set with `n`; `fresh` is false, and `ranges` the same object, when it was in already. */
export function add(ranges: Ranges, n: number): { ranges: Ranges; fresh: boolean } {
  if (!Number.isSafeInteger(n)) throw new RangeError('only whole numbers can be in ranges')
  if (has(ranges, n)) return { ranges, fresh: false }
  const at = firstTouching(ranges, n)
  const left = ranges[at]
  if (left?.[1] === n - 1) {
    const right = ranges[at + 1]
    if (right?.[0] === n + 1)
      return { ranges: ranges.toSpliced(at, 2, [left[0], right[1]]), fresh: true }
    return { ranges: ranges.toSpliced(at, 1, [left[0], n]), fresh: true }
  }
  if (left?.[0] === n + 1) return { ranges: ranges.toSpliced(at, 1, [n, left[1]]), fresh: true }
  return { ranges: ranges.toSpliced(at, 0, [n, n]), fresh: true }
}

/** Adds in the given order; `fresh[i]` says whether `numbers[i]` was new, also within the call. */
export function addMany(
  ranges: Ranges,
  numbers: readonly number[],
): { ranges: Ranges; fresh: boolean[] } {
  let merged = ranges
  const fresh = numbers.map((n) => {
    const step = add(merged, n)
    merged = step.ranges
    return step.fresh
  })
  return { ranges: merged, fresh }
}

/** How many numbers are in the set. */
export const countOf = (ranges: Ranges): number =>
  ranges.reduce((sum, [from, to]) => sum + (to - from + 1), 0)
