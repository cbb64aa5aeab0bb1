import { minutes, seconds } from '../../src/core/clock.ts'

/**
 * When may a device be asked again after it refused a login? Pure. Recorders lock an address after
 * a few wrong answers and every further try keeps the lock alive, so one refusal stops everything.
 * Only for a login that has worked before is a refusal doubted (full session tables answer 401
 * too), and then single tries follow, far apart, until they are used up.
 */
export type Refusal = {
  /** `stale`: twice in a row our answer was called outdated, so the password was not judged. */
  kind: 'rejected' | 'locked' | 'stale'
  unlockInS?: number
  triesLeft?: number
}

export type Lockout = {
  /** This login has been accepted since it was configured. */
  worked: boolean
  /** Refusals in a row. */
  refusals: number
  refused?: { kind: Refusal['kind']; at: number; triesLeft?: number; unlockAt?: number }
  /** When one single try is allowed; absent after a refusal = not before the login changes. */
  retryAt?: number
}

export const freshLockout: Lockout = { worked: false, refusals: 0 }

const retryAfterMs = [minutes(5), minutes(15), minutes(30), minutes(60)]
const usualLockS = 1800
/** Beyond the announced end of a lock: device timers are coarse. */
const lockMarginMs = minutes(5)

export function mayAsk(state: Lockout, now: number): boolean {
  if (!state.refused) return true
  return state.retryAt !== undefined && now >= state.retryAt
}

export const onAccepted = (_: Lockout): Lockout => ({ worked: true, refusals: 0 })

function waitMs(state: Lockout, refusal: Refusal): number | undefined {
  const step = retryAfterMs[state.refusals]
  if (step === undefined) return undefined
  // A locked device refuses the right password as well: wait it out, judge nothing.
  if (refusal.kind === 'locked') {
    return Math.max(step, seconds(refusal.unlockInS || usualLockS) + lockMarginMs)
  }
  if (refusal.kind === 'stale') return step
  const nextTryWouldLock = refusal.triesLeft !== undefined && refusal.triesLeft <= 1
  return state.worked && !nextTryWouldLock ? step : undefined
}

/** `now` is epoch ms: the state survives a restart of the agent. */
export function onRefused(state: Lockout, refusal: Refusal, now: number): Lockout {
  const wait = waitMs(state, refusal)
  const { kind, triesLeft } = refusal
  return {
    worked: state.worked,
    refusals: state.refusals + 1,
    refused: {
      kind,
      at: now,
      ...(triesLeft === undefined ? {} : { triesLeft }),
      ...(kind === 'locked' ? { unlockAt: now + seconds(refusal.unlockInS || usualLockS) } : {}),
    },
    ...(wait === undefined ? {} : { retryAt: now + wait }),
  }
}

/** What to show beside the fault; `undefined` while nothing is refused. */
export function lockoutText({ worked, refused }: Lockout): string | undefined {
  if (!refused) return undefined
  if (refused.unlockAt !== undefined) {
    return `locked, unlock at ${new Date(refused.unlockAt).toISOString()}`
  }
  if (refused.kind === 'stale') return 'login refused (nonce)'
  const left = refused.triesLeft === undefined ? '' : `, ${refused.triesLeft} tries left`
  return `${worked ? 'login refused (was working)' : 'wrong password'}${left}`
}
