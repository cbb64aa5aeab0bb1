import { createTask, parse } from 'node-cron'
import { describe, expect, test } from 'vitest'
import { days } from '../../../src/core/clock.ts'
import { latestSlot, type Pattern } from '../../../src/db/slots.ts'

function pattern(cron: string, timezone = 'UTC'): Pattern {
  const task = createTask(cron, () => {}, { timezone })
  const { second, minute } = parse(cron)
  return { seconds: second, minutes: minute, matches: (at) => task.match(at) }
}

const at = (text: string): number => Date.parse(`${text}Z`)

describe('the latest slot', () => {
  test.each([
    ['an exact minute counts', '0 3 * * *', '2026-07-30T03:00:00', '2026-07-30T03:00:00'],
    ['a moment before it does not', '0 3 * * *', '2026-07-30T02:59:59', '2026-07-29T03:00:00'],
    ['of each quarter', '*/15 * * * *', '2026-07-30T03:44:59', '2026-07-30T03:30:00'],
    ['with seconds', '20,40 * * * * *', '2026-07-30T03:00:39', '2026-07-30T03:00:20'],
    ['of the month', '30 4 1 * *', '2026-07-30T12:00:00', '2026-07-01T04:30:00'],
    ['of a week', '0 0 * * mon', '2026-07-30T12:00:00', '2026-07-27T00:00:00'],
  ])('%s', (_, cron, now, expected) => {
    expect(latestSlot(pattern(cron), at(now) - days(40), at(now))).toBe(at(expected))
  })

  test.each([
    ['Asia/Ho_Chi_Minh', '2026-07-29T20:10:00'],
    ['Asia/Kathmandu', '2026-07-29T21:25:00'],
    ['America/St_Johns', '2026-07-30T05:40:00'],
  ])('is on the wall clock of %s', (zone, expected) => {
    const daily = pattern('10 3 * * *', zone)
    expect(latestSlot(daily, at('2026-07-29T12:00:00'), at('2026-07-30T12:00:00'))).toBe(
      at(expected),
    )
  })

  test.each([
    ['after the last one done', '0 3 * * *', '2026-07-30T03:00:00', '2026-07-30T12:00:00'],
    ['when the clock went back', '0 3 * * *', '2026-07-30T12:00:00', '2026-07-29T12:00:00'],
    ['longer ago than two months', '0 0 1 1 *', '2025-12-31T00:00:00', '2026-07-30T00:00:00'],
  ])('is none %s', (_, cron, after, now) => {
    expect(latestSlot(pattern(cron), at(after), at(now))).toBeUndefined()
  })
})
