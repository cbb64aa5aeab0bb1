import { randomBytes } from 'node:crypto'
import {
  basicHeader,
  digestHeader,
  type Login,
  offersBasic,
  parseChallenges,
  pickDigest,
} from './http-digest.ts'
import type { Exchange, ExchangeResult } from './http-exchange.ts'
import type { Refusal } from './lockout.ts'

/**
 * The order of question, challenge and answer for one request. A challenge is answered once, and
 * a second time only when the device calls that answer outdated; a nonce is never kept for the
 * next request, because a 401 to a reused one could not be told from a wrong password.
 */
export type DeviceAnswer =
  | { kind: 'answer'; status: number; body: string; sentAt: number; rttMs: number }
  /** Nothing usable came back at all: refused, reset, timeout, not HTTP. */
  | { kind: 'silent'; reason: string }
  /** It answered, but with a challenge that must not or cannot be answered. */
  | { kind: 'unusable'; reason: string }
  /** It refused our login just now. */
  | { kind: 'refused' }
  /** Nothing was sent: an earlier refusal still holds. */
  | { kind: 'held' }

export type LoginGate = {
  open: () => boolean
  /** An answered challenge was accepted. */
  accepted: () => void
  refused: (refusal: Refusal) => void
}

export type LoginRules = {
  uri: string
  login: () => Login
  gate: LoginGate
  /** What the body of a 401 says beyond its status; the dialect's business. */
  refusalOf: (body: string) => Refusal | undefined
  /** Basic shows the password to whoever listens. */
  mayUseBasic: boolean
}

export type Sent = { result: ExchangeResult; sentAt: number; rttMs: number }

const isFailure = (result: ExchangeResult): result is { failure: string } => 'failure' in result

/** The header that answers this 401, or why it is not answered. */
function answerTo(asked: Exchange, rules: LoginRules): { header: string } | { reason: string } {
  const challenges = parseChallenges(asked.challenges)
  const digest = pickDigest(challenges)
  if (digest) {
    const cnonce = randomBytes(12).toString('hex')
    const request = { method: 'GET', uri: rules.uri, cnonce }
    return { header: digestHeader(digest, rules.login(), request) }
  }
  if (!offersBasic(challenges)) return { reason: 'no challenge that can be answered' }
  return rules.mayUseBasic
    ? { header: basicHeader(rules.login()) }
    : { reason: 'only Basic is offered, refused on this connection' }
}

/** What a 401 means after `answered` answers of ours; `undefined` = it is a question. */
function refusalIn(asked: Exchange, answered: number, rules: LoginRules): Refusal | undefined {
  const said = rules.refusalOf(asked.body)
  if (said?.kind === 'locked') return said
  if (answered === 0) return undefined
  const stale = said?.kind === 'stale' || pickDigest(parseChallenges(asked.challenges))?.stale
  if (!stale) return said ?? { kind: 'rejected' }
  return answered > 1 ? { kind: 'stale' } : undefined
}

function finished(result: Exchange, answered: number, rules: LoginRules): boolean {
  if (result.status === 401) return false
  // A server error says nothing about the login.
  if (answered > 0 && result.status < 500) rules.gate.accepted()
  return true
}

/** Sends at most three requests, of which at most two carry a login. */
export async function converse(
  send: (authorization?: string) => Promise<Sent>,
  rules: LoginRules,
): Promise<DeviceAnswer> {
  let sent = await send()
  for (let answered = 0; ; answered++) {
    const { result, sentAt, rttMs } = sent
    if (isFailure(result)) return { kind: 'silent', reason: result.failure }
    if (finished(result, answered, rules)) {
      return { kind: 'answer', status: result.status, body: result.body, sentAt, rttMs }
    }
    const refusal = refusalIn(result, answered, rules)
    if (refusal) {
      rules.gate.refused(refusal)
      return { kind: 'refused' }
    }
    const answer = answerTo(result, rules)
    if ('reason' in answer) return { kind: 'unusable', reason: answer.reason }
    sent = await send(answer.header)
  }
}
