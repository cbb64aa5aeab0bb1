import type { ClockTrust } from '../../src/contract/wire/common.ts'
import type { Belief } from './clock-trust.ts'
import { believedAt } from './clock-trust.ts'

/** When a record was made, as well as its agent knew; times are epoch ms. */
export type Stamp = {
  boot: string
  /** Milliseconds since that boot. */
  mono: number
  at: number
  trust: ClockTrust
  /** Not before, not after: replaces a time that nobody knows. */
  bounds?: [number, number]
}

/**
 * The time of a record made before its boot knew the time: `at = now - (monoNow - mono)`. Records
 * of another boot, and those that were stamped by a clock that was believed, stay as they are.
 */
export function rebaseStamp(stamp: Stamp, known: Belief & { boot: string }): Stamp {
  if (stamp.boot !== known.boot || stamp.trust !== 'untrusted') return stamp
  if (known.trust === 'untrusted') return stamp
  return { ...stamp, at: believedAt(known, stamp.mono), trust: known.trust }
}

/**
 * A record of an earlier boot that never knew the time: after the last time that was known before
 * it and before this boot began. The lower bound is not later than the upper one.
 */
export function boundStamp(stamp: Stamp, between: { after: number; before: number }): Stamp {
  const upper = between.before
  const lower = Math.min(between.after, upper)
  const at = Math.min(Math.max(stamp.at, lower), upper)
  return { ...stamp, at, bounds: [lower, upper] }
}

/** Moves a wall time of a boot that began (as it believed) at `since`; older times are not its. */
export const moved = (at: number, since: number, byMs: number): number =>
  at >= since ? at + byMs : at

type Timed = { at?: string | undefined }
type Dated = { since: string }

const shiftText = (text: string, since: number, byMs: number): string =>
  new Date(moved(Date.parse(text), since, byMs)).toISOString()

/**
 * Moves the times inside a record's body (`samples[].at`, `active[].since`) with its stamp. Times
 * before `since`, the believed start of the boot, were stamped by an earlier one and stay.
 */
export function shiftBody<B extends object>(body: B, since: number, byMs: number): B {
  const { samples, active } = body as { samples?: Timed[]; active?: Dated[] }
  const shifted: { samples?: Timed[]; active?: Dated[] } = {}
  if (samples) {
    shifted.samples = samples.map((one) =>
      one.at === undefined ? one : { ...one, at: shiftText(one.at, since, byMs) },
    )
  }
  if (active) {
    shifted.active = active.map((one) => ({ ...one, since: shiftText(one.since, since, byMs) }))
  }
  return { ...body, ...shifted }
}

/**
 * A record whose time was not known, once the time is: re-based if it is of this boot, else given
 * bounds. The same record when there is nothing to do.
 *
 * @param earlier between which times earlier boots lie that never knew the time
 */
export function dateRecord<R extends { stamp: Stamp; body: object }>(
  record: R,
  known: Belief & { boot: string },
  earlier: { after: number; before: number },
): R {
  const { stamp: was, body } = record
  if (known.trust === 'untrusted' || was.trust !== 'untrusted' || was.bounds) return record
  const stamp = was.boot === known.boot ? rebaseStamp(was, known) : boundStamp(was, earlier)
  return { ...record, stamp, body: shiftBody(body, was.at - was.mono, stamp.at - was.at) }
}
