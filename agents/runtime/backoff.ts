import { minutes, seconds } from '../../src/core/clock.ts'

/** How the last attempt to be connected ended. */
export type Ending =
  | { kind: 'unreachable' }
  /** The hub said no: wrong secret, revoked. */
  | { kind: 'refused' }
  | { kind: 'lost'; lastedMs: number }

/** A connection shorter than this did not work, however well it began. */
const stableMs = seconds(60)

/** Failures in a row after this ending; a connection that lasted starts the count again. */
export const failuresAfter = (before: number, ending: Ending): number =>
  ending.kind === 'lost' && ending.lastedMs >= stableMs ? 0 : before + 1

/**
 * How long to wait before the next attempt, ms. `random` is in [0, 1). After a good connection the
 * whole fleet loses its hub at once, so the first attempt is spread over ten seconds; then the step
 * doubles with full jitter. Being kicked after a successful connect counts as a failure. A refusal
 * is not hammered.
 */
export function reconnectDelayMs(failures: number, ending: Ending, random: number): number {
  if (failures === 0) return Math.round(random * seconds(10))
  const floorMs = ending.kind === 'refused' ? seconds(30) : seconds(1)
  const ceilingMs = ending.kind === 'refused' ? minutes(10) : minutes(1)
  const stepMs = Math.min(ceilingMs, floorMs * 2 ** Math.min(failures - 1, 20))
  return Math.round(stepMs / 2 + (random * stepMs) / 2)
}
