import type { SlaCalendar } from '../contract/api/operations.ts'

/**
 * Working time as pure arithmetic. A segment belongs to the day it opens and is half-open; one that
 * ends at or before its start runs into the next day. A date of its own replaces the weekday's
 * segments, so it can remove time (a holiday) and add it (a make-up Saturday).
 */
export type Calendar = Pick<SlaCalendar, 'timeZone' | 'weekly' | 'dates'>
export type Interval = { from: number; to: number }

type Segment = { from: string; to: string }

const atTime = (day: Temporal.PlainDate, time: string, timeZone: string): number => {
  const [hour, minute] = time.split(':').map(Number) as [number, number]
  const on = hour === 24 ? day.add({ days: 1 }) : day
  const plainTime = Temporal.PlainTime.from({ hour: hour % 24, minute })
  return on.toZonedDateTime({ timeZone, plainTime }).epochMilliseconds
}

function toInterval(day: Temporal.PlainDate, segment: Segment, timeZone: string): Interval {
  const crosses = segment.to !== '24:00' && segment.to <= segment.from
  const lastDay = crosses ? day.add({ days: 1 }) : day
  return { from: atTime(day, segment.from, timeZone), to: atTime(lastDay, segment.to, timeZone) }
}

function segmentsOn(calendar: Calendar, day: Temporal.PlainDate): Segment[] {
  const own = calendar.dates.find((one) => one.date === day.toString())
  return own ? own.segments : calendar.weekly.filter((one) => one.weekday === day.dayOfWeek)
}

/** Overlapping and touching intervals become one; empty ones vanish. */
export function union(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = []
  for (const one of intervals.filter((i) => i.to > i.from).toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && one.from <= last.to) last.to = Math.max(last.to, one.to)
    else merged.push({ ...one })
  }
  return merged
}

const dayOf = (at: number, timeZone: string): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate()

/** The working time between two moments, merged and in order. */
export function workingTime(calendar: Calendar, { from, to }: Interval): Interval[] {
  if (to <= from) return []
  const { timeZone } = calendar
  const intervals: Interval[] = []
  // The evening before may run into the first day.
  let day = dayOf(from, timeZone).subtract({ days: 1 })
  const last = dayOf(to, timeZone)
  while (Temporal.PlainDate.compare(day, last) <= 0) {
    for (const segment of segmentsOn(calendar, day)) {
      const { from: start, to: end } = toInterval(day, segment, timeZone)
      intervals.push({ from: Math.max(start, from), to: Math.min(end, to) })
    }
    day = day.add({ days: 1 })
  }
  return union(intervals)
}

/** Working milliseconds between two moments. */
export const workedMs = (calendar: Calendar, span: Interval): number =>
  workingTime(calendar, span).reduce((sum, one) => sum + one.to - one.from, 0)

const stepMs = 14 * 86_400_000
const furthestMs = 5 * 366 * 86_400_000

/**
 * The moment at which `workMs` of working time have passed since `from`. A target that is used up
 * exactly at the end of a working day is due then, not next morning. Infinity when the calendar
 * holds too little time within five years.
 */
export function addWorkingTime(calendar: Calendar, from: number, workMs: number): number {
  let left = workMs
  if (left <= 0) return from
  for (let start = from; start < from + furthestMs; start += stepMs) {
    for (const one of workingTime(calendar, { from: start, to: start + stepMs })) {
      if (one.to - one.from >= left) return one.from + left
      left -= one.to - one.from
    }
  }
  return Number.POSITIVE_INFINITY
}

/** Is there any working time at all? A calendar without it would never let a clock run. */
export const hasWorkingTime = (calendar: Calendar): boolean =>
  [...calendar.weekly, ...calendar.dates.flatMap((one) => one.segments)].length > 0
