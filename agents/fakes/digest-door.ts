import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../src/core/clock.ts'

/**
 * The login of a recorder: digest challenges in its odd spelling, nonces that age, and a lock after
 * too many wrong answers. Written apart from the client, so that they cannot agree on an error.
 */
export type DoorRules = {
  username: string
  password: string
  algorithm: 'MD5' | 'SHA-256'
  /** Beside the digest challenge: not at all, in a second header, or Basic and nothing else. */
  basic: 'none' | 'second' | 'only'
  nonceLifetimeMs: number
  nonceMaxUses: number
  /** Wrong answers until the lock. */
  lockAfter: number
  lockS: number
  /** Every question during a lock starts it again. */
  askingKeepsLock: boolean
  /** Refusals carry a `userCheck` body; some firmware sends none. */
  userCheck: boolean
  /** The session table is full: 401 to right answers too, nothing is counted. */
  full: boolean
  /** Answers to `stale` right answers with `invalidOperation` instead of `stale="TRUE"`. */
  staleByStatus: boolean
}

export const usualRules: DoorRules = {
  username: 'monitor',
  password: 'right horse',
  algorithm: 'MD5',
  basic: 'none',
  nonceLifetimeMs: 60_000,
  nonceMaxUses: 1000,
  lockAfter: 5,
  lockS: 1800,
  askingKeepsLock: false,
  userCheck: true,
  full: false,
  staleByStatus: false,
}

export type DoorAnswer =
  | { kind: 'in' }
  | {
      kind: 'out'
      /** Was a challenge answered, and how was that judged? */
      login: 'none' | 'rejected' | 'stale'
      headers: string[]
      /** What a `userCheck` body would say. */
      check?: { locked: boolean; unlockS: number; triesLeft: number }
    }

/** Nonces with an age and a number of uses; the last two hundred are known. */
function createNonces(rules: DoorRules, clock: Clock) {
  const known = new Map<string, { at: number; uses: number }>()
  return {
    issue: (): string => {
      const nonce = randomBytes(16).toString('hex')
      known.set(nonce, { at: clock.monotonic(), uses: 0 })
      const [oldest] = known.keys()
      if (known.size > 200 && oldest !== undefined) known.delete(oldest)
      return nonce
    },
    /** False when the nonce in this header is unknown, too old or used up. */
    use: (authorization: string): boolean => {
      const nonce = known.get(/nonce="([^"]*)"/.exec(authorization)?.[1] ?? '')
      if (!nonce || clock.monotonic() - nonce.at > rules.nonceLifetimeMs) return false
      nonce.uses += 1
      return nonce.uses <= rules.nonceMaxUses
    },
  }
}

export function createDigestDoor(rules: DoorRules, clock: Clock) {
  const nonces = createNonces(rules, clock)
  let failures = 0
  let lockedUntil = 0

  const challenge = (stale: boolean): string[] => {
    const basic = `Basic realm="${realm}"`
    if (rules.basic === 'only') return [basic]
    const nonce = nonces.issue()
    const digest =
      `Digest realm="${realm}", domain="/", qop="auth", nonce="${nonce}", opaque="", ` +
      `algorithm="${rules.algorithm}", stale="${stale ? 'TRUE' : 'FALSE'}"`
    return rules.basic === 'second' ? [digest, basic] : [digest]
  }
  const out = (login: 'none' | 'rejected' | 'stale', check?: boolean): DoorAnswer => {
    const unlockS = Math.max(0, Math.ceil((lockedUntil - clock.monotonic()) / 1000))
    const triesLeft = Math.max(0, rules.lockAfter - failures)
    return {
      kind: 'out',
      login,
      headers: challenge(login === 'stale'),
      ...(check ? { check: { locked: unlockS > 0, unlockS, triesLeft } } : {}),
    }
  }
  const reject = (): DoorAnswer => {
    failures += 1
    if (failures >= rules.lockAfter) lock()
    return out('rejected', rules.userCheck)
  }
  const lock = () => {
    lockedUntil = clock.monotonic() + rules.lockS * 1000
    failures = 0
  }
  const judge = (method: string, authorization: string): DoorAnswer => {
    if (!isRight(rules, method, authorization)) return reject()
    if (rules.full) return out('rejected')
    if (rules.basic !== 'only' && !nonces.use(authorization)) return out('stale')
    failures = 0
    return { kind: 'in' }
  }
  return {
    admit: (method: string, authorization: string | undefined): DoorAnswer => {
      if (authorization === undefined) return out('none')
      if (clock.monotonic() >= lockedUntil) return judge(method, authorization)
      if (rules.askingKeepsLock) lock()
      return out('rejected', rules.userCheck)
    },
    unlock: () => {
      lockedUntil = 0
      failures = 0
    },
    isLocked: () => clock.monotonic() < lockedUntil,
  }
}

const realm = 'DS-7608NXI-I2'

function isRight(rules: DoorRules, method: string, authorization: string): boolean {
  if (/^basic /i.test(authorization)) {
    const expected = Buffer.from(`${rules.username}:${rules.password}`).toString('base64')
    return rules.basic !== 'none' && authorization.slice(6).trim() === expected
  }
  const field = (name: string) =>
    new RegExp(`[ ,]${name}=(?:"([^"]*)"|([^ ,]*))`).exec(authorization)?.slice(1).find(Boolean) ??
    ''
  const name = rules.algorithm === 'MD5' ? 'md5' : 'sha256'
  const hash = (text: string) => createHash(name).update(text).digest('hex')
  const secret = hash(`${rules.username}:${realm}:${rules.password}`)
  const action = hash(`${method}:${field('uri')}`)
  const [nonce, nc, cnonce, qop] = ['nonce', 'nc', 'cnonce', 'qop'].map(field)
  const expected = hash(`${secret}:${nonce}:${nc}:${cnonce}:${qop}:${action}`)
  return field('username') === rules.username && field('response') === expected
}
