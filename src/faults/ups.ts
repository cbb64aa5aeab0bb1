import type { Verdict } from './judge.ts'

/**
 * What one look at a UPS means. Pure. A UPS that cannot be read is "not monitored"; it is never
 * "power lost".
 */
export type UpsReading =
  | {
      read: true
      /** `ups.status` as the driver gave it. */
      status: string
      chargePct?: number
      /** `battery.charge.low`: where the unit itself calls the charge low. */
      lowChargePct?: number
      runtimeS?: number
    }
  | { read: false; reason: string }

export type UpsPower = 'mains' | 'battery' | 'unknown'

/** Less than five minutes left is low whatever the unit says (own proposal; field monitors use 300 s). */
const lowRuntimeS = 300

/**
 * Status is a set of words: drivers repeat them and add their own (`OB OFF OB`). `OB` beside `OL`
 * contradicts itself, and during a calibration (`CAL`) the battery is used on purpose: both unknown.
 */
export function upsPower(status: string): UpsPower {
  const words = wordsOf(status)
  if (words.has('FSD')) return 'battery'
  const battery = words.has('OB')
  const mains = words.has('OL')
  if (battery === mains || (battery && words.has('CAL'))) return 'unknown'
  return battery ? 'battery' : 'mains'
}

/** The word LB alone is not trusted (some units flap it on mains); with OB it is. */
export const upsLow = (reading: UpsReading & { read: true }): boolean => {
  if (upsPower(reading.status) !== 'battery') return false
  const words = wordsOf(reading.status)
  const { chargePct, lowChargePct, runtimeS } = reading
  return (
    words.has('LB') ||
    words.has('FSD') ||
    (chargePct !== undefined && lowChargePct !== undefined && chargePct < lowChargePct) ||
    (runtimeS !== undefined && runtimeS < lowRuntimeS)
  )
}

const wordsOf = (status: string): Set<string> =>
  new Set(status.toUpperCase().split(/\s+/).filter(Boolean))

const powerStates = { mains: 'ok', battery: 'fault', unknown: 'unknown' } as const

/** On battery counts as critical once the battery is low. */
export function judgeUps(reading: UpsReading): Verdict[] {
  if (!reading.read) {
    return [
      { part: '', code: 'ups-unmonitored', state: 'fault', raw: reading.reason.slice(0, 120) },
      { part: '', code: 'ups-on-battery', state: 'unknown', raw: reading.reason.slice(0, 120) },
    ]
  }
  return [
    { part: '', code: 'ups-unmonitored', state: 'ok' },
    {
      part: '',
      code: 'ups-on-battery',
      state: powerStates[upsPower(reading.status)],
      raw: reading.status.slice(0, 120),
      ...(upsLow(reading) ? { severity: 'critical' as const } : {}),
    },
  ]
}
