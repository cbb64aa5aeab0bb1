import { describe, expect, test } from 'vitest'
import { lightingDay } from '../../src/plan/lighting-day.ts'
import { isBroadDay, sunAltitude, sunIn } from '../../src/plan/sun.ts'
import { at, hanoi, wall } from '../support/lighting-plans.ts'

const places = {
  'Hà Nội': [21.0285, 105.8542],
  Vinh: [18.6796, 105.6813],
  Huế: [16.4637, 107.5909],
  'Đà Nẵng': [16.0471, 108.2068],
  'TP.HCM': [10.7769, 106.7009],
  'Cần Thơ': [10.0452, 105.7469],
  'Cà Mau': [9.1769, 105.1524],
} as const

/** Place, date, civil dawn, sunrise, sunset, civil dusk; all of that calendar date. */
const golden = `
Hà Nội|2026-03-20|05:38:54|06:01:02|18:07:32|18:29:41
Hà Nội|2026-06-21|04:51:10|05:15:58|18:40:44|19:05:32
Hà Nội|2026-09-23|05:23:23|05:45:32|17:52:16|18:14:24
Hà Nội|2026-12-21|06:04:37|06:28:50|17:20:11|17:44:24
Vinh|2026-06-21|04:57:05|05:21:23|18:36:42|19:01:01
Vinh|2026-12-21|06:01:06|06:24:55|17:25:28|17:49:18
Huế|2026-06-21|04:54:10|05:18:05|18:24:44|18:48:39
Huế|2026-12-21|05:49:34|06:13:04|17:22:03|17:45:33
Đà Nẵng|2026-06-21|04:52:34|05:16:25|18:21:28|18:45:19
Đà Nẵng|2026-12-21|05:46:23|06:09:49|17:20:22|17:43:49
TP.HCM|2026-06-21|05:09:06|05:32:16|18:17:40|18:40:49
TP.HCM|2026-12-21|05:43:19|06:06:14|17:36:01|17:58:55
Cần Thơ|2026-03-20|05:40:27|06:01:26|18:07:50|18:28:49
Cần Thơ|2026-12-21|05:45:53|06:08:44|17:41:08|18:03:59
Cà Mau|2026-06-21|05:18:21|05:41:21|18:20:58|18:43:58
Cà Mau|2026-12-21|05:46:47|06:09:34|17:45:04|18:07:51`
  .trim()
  .split('\n')
  .map((line) => line.split('|') as [keyof typeof places, string, string, string, string, string])

const zone = 'Asia/Ho_Chi_Minh'
const dayBefore = (date: string) => Temporal.PlainDate.from(date).subtract({ days: 1 }).toString()

describe('sun times', () => {
  test.each(golden)('%s on %s', (place, date, dawn, sunrise, sunset, dusk) => {
    const [lat, lon] = places[place]
    const where = { lat, lon, timeZone: zone }
    const evening = lightingDay(date, zone)
    const night = lightingDay(dayBefore(date), zone)
    const off = (seen: number | null, time: string) =>
      Math.abs((seen ?? Number.NaN) - at(`${date}T${time}`)) / 1000
    expect(off(sunIn(night, 'dawn', where), dawn)).toBeLessThanOrEqual(1)
    expect(off(sunIn(night, 'sunrise', where), sunrise)).toBeLessThanOrEqual(1)
    expect(off(sunIn(evening, 'sunset', where), sunset)).toBeLessThanOrEqual(1)
    expect(off(sunIn(evening, 'dusk', where), dusk)).toBeLessThanOrEqual(1)
  })

  test('every lighting day of a year has its own sunset and sunrise, whole seconds, in order', () => {
    let day = lightingDay('2026-01-01', zone)
    let before = 0
    for (let n = 0; n < 365; n += 1) {
      const sunset = sunIn(day, 'sunset', hanoi) ?? 0
      const sunrise = sunIn(day, 'sunrise', hanoi) ?? 0
      expect(sunset).toBeGreaterThan(before)
      expect(sunrise - sunset).toBeGreaterThan(10.5 * 3_600_000)
      expect(sunrise - sunset).toBeLessThan(13.3 * 3_600_000)
      expect([sunset % 1000, sunrise % 1000]).toEqual([0, 0])
      before = sunrise
      day = lightingDay(Temporal.PlainDate.from(day.date).add({ days: 1 }).toString(), zone)
    }
  })

  test('there is no sunset in a polar summer, and none in a polar winter', () => {
    const tromso = { lat: 69.65, lon: 18.96, timeZone: 'Europe/Oslo' }
    const sunset = (date: string) => sunIn(lightingDay(date, tromso.timeZone), 'sunset', tromso)
    expect(sunset('2026-06-21')).toBeNull()
    expect(sunset('2026-12-21')).toBeNull()
    expect(sunset('2026-03-20')).not.toBeNull()
  })

  test('a sunset after midnight still belongs to its evening', () => {
    const arctic = { lat: 65.7, lon: 24, timeZone: 'Europe/Helsinki' }
    const sunset = sunIn(lightingDay('2026-06-15', arctic.timeZone), 'sunset', arctic)
    expect(wall(sunset ?? 0, arctic.timeZone)).toMatch(/^2026-06-16T00:/)
  })
})

describe('daylight', () => {
  test('the sun stands under the horizon at sunset and above it at noon', () => {
    expect(sunAltitude(hanoi, at('2026-06-21T12:00'))).toBeGreaterThan(80)
    expect(sunAltitude(hanoi, at('2026-06-21T18:41:30'))).toBeLessThan(0)
  })

  test.each([
    ['2026-06-21T05:20', false],
    ['2026-06-21T05:40', true],
    ['2026-06-21T12:00', true],
    ['2026-06-21T18:15', true],
    ['2026-06-21T18:25', false],
    ['2026-06-22T00:00', false],
  ])('is broad day at %s, 20 minutes clear of the horizon: %s', (when, expected) => {
    expect(isBroadDay(hanoi, at(when), 20 * 60_000)).toBe(expected)
  })
})
