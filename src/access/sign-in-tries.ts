import { minutes, seconds } from '../core/clock.ts'
import { addressKey, createAttempts } from './attempts.ts'

export type SignInTries = {
  /** Takes one try; milliseconds to wait when there is none, 0 when it may go on. */
  take: (username: string, address: string, now: number) => number
  succeeded: (username: string, address: string, now: number) => void
}

const maxKeys = 10_000

/**
 * Slows guessing down without letting a stranger lock anybody out: names and addresses have their
 * own tries, only failures count, and where somebody has signed in before, the two together have
 * tries of their own, so that neither a storm on the name nor one at the address reaches them. Pure
 * but for its memory; it forgets at a restart.
 */
export function createSignInTries(): SignInTries {
  const byAddress = createAttempts({ burst: 10, refillMs: seconds(30), maxKeys })
  const byName = createAttempts({ burst: 50, refillMs: seconds(10), maxKeys })
  const byPair = createAttempts({ burst: 10, refillMs: minutes(1), maxKeys })
  const known = new Set<string>()
  const keysOf = (username: string, address: string) => {
    const name = username.toLowerCase()
    const place = addressKey(address)
    return { name, place, pair: `${name} ${place}` }
  }
  const remember = (pair: string) => {
    known.delete(pair)
    const oldest = known.values().next().value
    if (known.size >= maxKeys && oldest !== undefined) known.delete(oldest)
    known.add(pair)
  }
  return {
    take: (username, address, now) => {
      const { name, place, pair } = keysOf(username, address)
      if (known.has(pair)) return byPair.take(pair, now)
      // The name is asked second: who has used up his address must not use up names from there.
      return byAddress.take(place, now) || byName.take(name, now)
    },
    succeeded: (username, address, now) => {
      const { name, place, pair } = keysOf(username, address)
      if (known.has(pair)) byPair.giveBack(pair, now)
      else {
        byAddress.giveBack(place, now)
        byName.giveBack(name, now)
      }
      remember(pair)
    },
  }
}
