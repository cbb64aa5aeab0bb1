import type { Envelope } from '../contract/wire/common.ts'
import { days, minutes } from '../core/clock.ts'

/**
 * How old a record may be: as long as an agent's outbox keeps it. And how far ahead of us a
 * trusted clock may run.
 */
export const oldestMs = days(35)
export const aheadMs = minutes(5)

export type Timing =
  | {
      ok: true
      at: number /** Not what is now: corrects history, never notifies. */
      late: boolean
    }
  | { ok: false; reason: string }

function believable(at: number, receivedAt: number): string | undefined {
  if (at > receivedAt + aheadMs) return `dated ${new Date(at).toISOString()}, in the future`
  if (at < receivedAt - oldestMs) return `dated ${new Date(at).toISOString()}, older than we keep`
  return undefined
}

function fromBounds(bounds: [string, string], receivedAt: number): Timing {
  const [from, to] = bounds.map((bound) => Date.parse(bound)) as [number, number]
  if (from > to) return { ok: false, reason: 'its bounds are upside down' }
  const reason = believable(from, receivedAt)
  if (reason) return { ok: false, reason }
  return { ok: true, at: Math.min(to, receivedAt), late: true }
}

/**
 * When a record happened, as well as can be known. Pure. A trusted (or free-running) clock is
 * believed within bounds; without one, a live record happened when it arrived, and an old one
 * needs the bounds its agent gives.
 */
export function timingOf(envelope: Envelope, receivedAt: number): Timing {
  if (envelope.bounds) return fromBounds(envelope.bounds, receivedAt)
  if (envelope.trust === 'untrusted') {
    if (envelope.lane === 'live') return { ok: true, at: receivedAt, late: false }
    return { ok: false, reason: 'old, and its clock was never right' }
  }
  const at = Date.parse(envelope.at)
  const reason = believable(at, receivedAt)
  if (reason) return { ok: false, reason }
  return { ok: true, at, late: envelope.lane === 'backlog' }
}
