/**
 * The lighting day: from noon to noon, named by the date of its evening. A night is never cut at
 * midnight, so no rule has a special case there. All wall times are of the plan's zone, never of
 * the process.
 */
export type LightingDay = {
  /** Date of the evening, YYYY-MM-DD. */
  date: string
  /** Noon of that date and noon of the next one, epoch ms; `to` is outside. */
  from: number
  to: number
}

/**
 * A wall time of a date as epoch ms. Where daylight saving leaves the time out it moves on by the
 * gap; where it comes twice the first one counts.
 */
const wallTimeOn = (date: Temporal.PlainDate, time: string, timeZone: string): number =>
  date.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(time) }).epochMilliseconds

const dayOf = (date: Temporal.PlainDate, timeZone: string): LightingDay => ({
  date: date.toString(),
  from: wallTimeOn(date, '12:00', timeZone),
  to: wallTimeOn(date.add({ days: 1 }), '12:00', timeZone),
})

/** The lighting day with this evening. */
export const lightingDay = (date: string, timeZone: string): LightingDay =>
  dayOf(Temporal.PlainDate.from(date), timeZone)

/** The lighting day that follows. */
export const nextLightingDay = (day: LightingDay, timeZone: string): LightingDay =>
  dayOf(Temporal.PlainDate.from(day.date).add({ days: 1 }), timeZone)

/** The lighting day that covers `t` (epoch ms). */
export function lightingDayAt(t: number, timeZone: string): LightingDay {
  const local = Temporal.Instant.fromEpochMilliseconds(t).toZonedDateTimeISO(timeZone)
  let date = local.toPlainDate().subtract({ days: local.hour < 12 ? 1 : 0 })
  let day = dayOf(date, timeZone)
  // A zone may skip a noon or a whole date (Samoa, 30 December 2011).
  while (t >= day.to) {
    date = date.add({ days: 1 })
    day = dayOf(date, timeZone)
  }
  while (t < day.from) {
    date = date.subtract({ days: 1 })
    day = dayOf(date, timeZone)
  }
  return day
}

/**
 * Wall time HH:mm inside a lighting day: from 12:00 on it belongs to the evening's date, before
 * 12:00 to the next one. As an `upper` bound 12:00 means the next noon, so that 12:00 to 12:00 is
 * the whole day and not nothing.
 */
export function wallTimeIn(
  day: LightingDay,
  time: string,
  { timeZone, bound }: { timeZone: string; bound: 'lower' | 'upper' },
): number {
  const evening = bound === 'upper' ? time > '12:00' : time >= '12:00'
  const date = Temporal.PlainDate.from(day.date).add({ days: evening ? 0 : 1 })
  return wallTimeOn(date, time, timeZone)
}

/** ISO weekday (1 = Monday) of the evening. */
export const weekdayOf = (date: string): number => Temporal.PlainDate.from(date).dayOfWeek
