import { wallOf } from '../format.ts'

/** `2026-11` of an instant, in the province. */
export function monthOf(at: number): string {
  const { year, month } = wallOf(at)
  return `${year}-${month}`
}

/** The last months up to that of `now`, newest first. */
export function lastMonths(now: number, count: number): string[] {
  const [year = 0, month = 1] = monthOf(now).split('-').map(Number)
  return Array.from({ length: count }, (_, back) => {
    const index = year * 12 + (month - 1) - back
    return `${Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`
  })
}
