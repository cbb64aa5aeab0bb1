import { getPosition, getTimes } from 'suncalc'
import type { TimeRef } from '../contract/wire/plan.ts'
import type { LightingDay } from './lighting-day.ts'

export type SunEvent = Extract<TimeRef, { kind: 'sun' }>['event']

/** Where a plan is computed for; degrees, and an IANA zone name. */
export type Place = { lat: number; lon: number; timeZone: string }

const dayMs = 86_400_000

/** suncalc answers for the solar day that contains the moment asked for: ask at local noons only. */
function eventNear(noon: number, event: SunEvent, place: Place): number | null {
  const at = getTimes(new Date(noon), place.lat, place.lon)[event]
  // Whole seconds: machines that differ in the last bit of a sine still agree.
  return at === null ? null : Math.round(at.getTime() / 1000) * 1000
}

/**
 * The moment of a sun event in a lighting day, epoch ms: sunset and dusk of its evening, dawn and
 * sunrise of the morning after. `null` where the sun does not do this in that night (polar
 * regions). Civil dusk and dawn: -6 degrees. Accurate to about 5 s in Viet Nam.
 */
export function sunIn(day: LightingDay, event: SunEvent, place: Place): number | null {
  const expected = event === 'sunset' || event === 'dusk' ? day.from : day.to
  // The neighbours matter only where wall noon lies far from solar noon.
  for (const noon of [expected, expected - dayMs, expected + dayMs]) {
    const at = eventNear(noon, event, place)
    if (at !== null && at >= day.from && at < day.to) return at
  }
  return null
}

/** Altitude of the sun in degrees, refraction included; below -0.83 it is under the horizon. */
export const sunAltitude = (place: Pick<Place, 'lat' | 'lon'>, t: number): number =>
  getPosition(new Date(t), place.lat, place.lon).altitude

const risenDeg = -0.833

/** True when the sun is up at `t` and was up `marginMs` before and is still up as long after. */
export const isBroadDay = (
  place: Pick<Place, 'lat' | 'lon'>,
  t: number,
  marginMs: number,
): boolean => [t - marginMs, t, t + marginMs].every((one) => sunAltitude(place, one) > risenDeg)
