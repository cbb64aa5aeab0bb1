import type { Words } from './words/vi.ts'

/** Times are shown in the province's zone, wherever the browser stands. */
export const zone = 'Asia/Ho_Chi_Minh'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const clockParts = new Intl.DateTimeFormat('en-GB', {
  timeZone: zone,
  day: '2-digit',
  month: '2-digit',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})

type Wall = { day: string; month: string; year: string; hour: string; minute: string }

/** Wall time in the province of an instant (ISO text or epoch ms). */
export function wallOf(at: string | number): Wall {
  const found = new Map(clockParts.formatToParts(new Date(at)).map((one) => [one.type, one.value]))
  const part = (name: Intl.DateTimeFormatPartTypes) => found.get(name) ?? ''
  return {
    day: part('day'),
    month: part('month'),
    year: part('year'),
    hour: part('hour'),
    minute: part('minute'),
  }
}

const epoch = (at: string | number): number => (typeof at === 'number' ? at : Date.parse(at))

export type Format = ReturnType<typeof createFormat>

/** Formats of one language; dates and times are the same in both. */
export function createFormat(language: 'vi' | 'en', words: Words) {
  const locale = language === 'vi' ? 'vi-VN' : 'en-GB'
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
  const fine = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 })
  const coarse = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
  const { time } = words

  const date = (at: string | number) => {
    const { day, month, year } = wallOf(at)
    return `${day}/${month}/${year}`
  }
  const clock = (at: string | number) => {
    const { hour, minute } = wallOf(at)
    return `${hour}:${minute}`
  }
  return {
    /** Whole number: 3.351. */
    count: (value: number) => whole.format(value),
    /** Measured number: as exact as its size deserves. */
    number: (value: number) => (Math.abs(value) >= 100 ? coarse : fine).format(value),
    percent: (value: number) => `${coarse.format(value)} %`,
    /** 24/11/2026 */
    date,
    /** 18:45 */
    clock,
    /** 24/11/2026 18:45 */
    instant: (at: string | number) => `${date(at)} ${clock(at)}`,
    /** 24/11 */
    dayMonth: (at: string | number) => {
      const { day, month } = wallOf(at)
      return `${day}/${month}`
    },
    /** A calendar date (YYYY-MM-DD) as 24/11/2026. */
    calendarDate: (iso: string) => iso.split('-').reverse().join('/'),
    /** "3 ngày trước", or "5 phút nữa" for what is to come. */
    age: (at: string | number, now: number) => ageText(time, now - epoch(at)),
    /** "2 giờ 15 phút" */
    duration: (ms: number) => durationText(time, ms),
  }
}

function ageText(time: Words['time'], ageMs: number): string {
  const size = Math.abs(ageMs)
  const past = ageMs >= 0
  if (size < minuteMs) return time.now
  if (size < hourMs) {
    const minutes = Math.floor(size / minuteMs)
    return past ? time.minutesAgo(minutes) : time.inMinutes(minutes)
  }
  if (size < dayMs) {
    const hours = Math.floor(size / hourMs)
    return past ? time.hoursAgo(hours) : time.inHours(hours)
  }
  const days = Math.floor(size / dayMs)
  return past ? time.daysAgo(days) : time.inDays(days)
}

function durationText(time: Words['time'], ms: number): string {
  if (ms < minuteMs) return time.seconds(Math.max(0, Math.round(ms / 1000)))
  const minutes = Math.floor(ms / minuteMs)
  const [days, hours, rest] = [
    Math.floor(minutes / 1440),
    Math.floor((minutes % 1440) / 60),
    minutes % 60,
  ]
  const parts = [
    ...(days > 0 ? [time.days(days)] : []),
    ...(hours > 0 ? [time.hours(hours)] : []),
    ...(rest > 0 && days === 0 ? [time.minutes(rest)] : []),
  ]
  return parts.join(' ')
}
