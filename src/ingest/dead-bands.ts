import { isState, measures } from '../contract/wire/measures.ts'

/**
 * How far a value may move from the last stored one before it is stored again. `rise` and `fall`
 * are in the field's own unit; `share` widens both to a part of the value. States have no band:
 * each change is stored. These figures are all that thinning loses.
 */
export type DeadBand = { rise: number; fall: number; share?: number }

const exact: DeadBand = { rise: 0, fall: 0 }
const within = (limit: number, share?: number): DeadBand =>
  share === undefined ? { rise: limit, fall: limit } : { rise: limit, fall: limit, share }
/** Counters and ages: growing is expected, any fall is news (a reboot, a meter exchanged). */
const rising = (rise: number): DeadBand => ({ rise, fall: 0 })

const bands: Record<string, Record<string, DeadBand>> = {
  recorder: {
    // Load comes and goes with each picture that moves; news is a level, not a step.
    cpu: within(25),
    mem: within(5),
    uptime_s: rising(360),
    drift_s: within(0.5),
  },
  disk: { free_mb: within(1024), used_pct: within(0.2) },
  // A camera's bit rate follows its scene; news is a stream that collapses or doubles.
  camera: { bitrate_kbps: within(64, 0.5), fps: within(3) },
  ups: {
    battery_pct: within(0.5),
    load_pct: within(2),
    in_v: within(2),
    out_v: within(2),
    runtime_s: within(30, 0.02),
  },
  phase: { v: within(1), i: within(0.05, 0.02), p: within(5, 0.02), pf: within(0.02) },
  meter: { p: within(5, 0.02), energy_wh: rising(50), hz: within(0.05) },
  circuit: { p: within(5, 0.02) },
  agent: { rtt_ms: within(20, 0.25), bytes: within(4096, 0.25) },
}

/** Band of each field in the order of the measures table; what is not named is exact. */
export const deadBandsOf = (measurement: keyof typeof measures): DeadBand[] =>
  Object.keys(measures[measurement]).map((field) =>
    isState(measurement, field) ? exact : (bands[measurement]?.[field] ?? exact),
  )

/** True when `value` tells nothing new beside `stored`. NaN stands for "no value". */
export function isInside(band: DeadBand, stored: number, value: number): boolean {
  if (Object.is(stored, value) || stored === value) return true
  const move = value - stored
  // A value that comes or goes is news: comparing with NaN is false.
  const limit = move > 0 ? band.rise : band.fall
  const wide = limit === 0 ? 0 : Math.max(limit, Math.abs(stored) * (band.share ?? 0))
  return Math.abs(move) <= wide
}
