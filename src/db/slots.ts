import { days, minutes } from '../core/clock.ts'

/** What of a cron pattern is needed to look back; `matches` knows the time zone. */
export type Pattern = {
  seconds: readonly number[]
  minutes: readonly number[]
  matches: (at: Date) => boolean
}

/** A slot missed longer ago than this is not made up. */
const longestLookBackMs = days(62)

/** Offsets of time zones are whole quarters, so other minutes need not be tried in any zone. */
const mayMatch = (pattern: Pattern, minuteAt: number): boolean =>
  pattern.minutes.some((minute) => (minuteAt / minutes(1) - minute) % 15 === 0)

/**
 * The latest scheduled instant in (after, upTo], epoch ms; undefined when there is none. A
 * scheduler that was away makes up one run for it, however many it missed.
 */
export function latestSlot(pattern: Pattern, after: number, upTo: number): number | undefined {
  const from = Math.max(after, upTo - longestLookBackMs)
  const latestFirst = pattern.seconds.toSorted((a, b) => b - a)
  const lastMinute = Math.floor(upTo / minutes(1)) * minutes(1)
  for (let minute = lastMinute; minute + minutes(1) > from; minute -= minutes(1)) {
    if (!mayMatch(pattern, minute)) continue
    for (const second of latestFirst) {
      const slot = minute + second * 1000
      if (slot > from && slot <= upTo && pattern.matches(new Date(slot))) return slot
    }
  }
  return undefined
}
