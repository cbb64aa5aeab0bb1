import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { messageOf } from '../core/problem.ts'
import { StoreUnavailable } from './series.ts'

/**
 * Is the series store there? Only a write proves it: a store that answers when asked and fails when
 * written to (a full disk, say) stays away, is tried less and less often, and is said once.
 */
export type StorePresence = {
  /** Live points may go straight to the store. */
  mayWrite: () => boolean
  /** The spool lane may run: the store is there, and live points had their turn. */
  mayDrain: () => boolean
  /** It is away and due to be asked. */
  shouldAsk: () => boolean
  answered: (health: { ok: boolean; reason?: string }) => void
  wrote: (lane: 'live' | 'spool') => void
  /** Always false, for the caller to return. */
  failed: (error: unknown) => false
  stats: () => { state: 'ok' | 'away'; reason: string | undefined }
}

/** Times `probeMs`: the longest pause between two tries. */
const longestPause = 12

export function createStorePresence(options: {
  clock: Clock
  log: Log
  probeMs: number
  liveFirstMs: number
  add: (name: 'outages', n: number) => void
}): StorePresence {
  const { clock, log, probeMs, liveFirstMs, add } = options
  const now = clock.monotonic
  // A store that was never tried counts as there.
  let reason: string | undefined
  let trying = false
  let failures = 0
  let askAt = now()
  let drainAt = now() + liveFirstMs

  return {
    mayWrite: () => reason === undefined || trying,
    mayDrain: () => (reason === undefined || trying) && now() >= drainAt,
    shouldAsk: () => reason !== undefined && !trying && now() >= askAt,
    answered: (health) => {
      askAt = now() + probeMs
      if (!health.ok) reason = health.reason ?? reason
      else {
        trying = true
        drainAt = now() + liveFirstMs
      }
    },
    wrote: (lane) => {
      if (reason !== undefined) log.info({ lane }, 'series store is back')
      reason = undefined
      trying = false
      failures = 0
      if (lane === 'live') drainAt = Math.min(drainAt, now())
    },
    failed: (error) => {
      if (reason === undefined) {
        const loud = error instanceof StoreUnavailable && error.needsSomeone
        log[loud ? 'error' : 'warn']({ err: error }, 'series store is away, spooling')
        add('outages', 1)
      }
      reason = messageOf(error)
      trying = false
      failures += 1
      askAt = now() + probeMs * Math.min(longestPause, 2 ** (failures - 1))
      return false
    },
    stats: () => ({ state: reason === undefined ? 'ok' : 'away', reason }),
  }
}
