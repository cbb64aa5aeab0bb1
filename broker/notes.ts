import { type Clock, minutes } from '../src/core/clock.ts'
import type { Log } from '../src/core/log.ts'
import type { Link } from './link.ts'

/** Everything that the broker counts. */
export type Happening =
  | 'connection-accepted'
  | 'connection-refused'
  | 'connection-taken-over'
  | 'connection-cut'
  | 'connection-lost'
  | 'connect-timeout'
  | 'frame-timeout'
  | 'keepalive-timeout'
  | 'too-many-connections'
  | 'tls-failed'
  | 'certificate-not-authorised'
  | 'not-mqtt'
  | 'frame-too-large'
  | 'malformed-packet'
  | 'publish-refused'
  | 'subscribe-refused'
  | 'retain-ignored'
  | 'will-ignored'
  | 'accept-failed'
  | 'send-failed'
  | 'hook-failed'

/** Counts what happened to a link and says it in the log. */
export type Note = (
  what: Happening,
  link: Pick<Link, 'remoteAddress' | 'noted' | 'claims'>,
  fields: { reason: string } & Record<string, unknown>,
) => void

/** What a link outlives; everything else is its end, and said once. */
const passing: ReadonlySet<Happening> = new Set([
  'certificate-not-authorised',
  'subscribe-refused',
  'retain-ignored',
  'will-ignored',
  'send-failed',
  'hook-failed',
])

const quietMs = minutes(10)
const rememberedLines = 2000

/**
 * A refused agent comes back every few seconds, for months. Each refusal is counted; the log gets
 * the first of a kind (who, what, why) and then one each ten minutes, the rest is `debug`.
 */
export function createNotes(options: {
  clock: Clock
  log: Log
  count: (what: Happening) => void
}): Note {
  const { clock, log, count } = options
  const saidAt = new Map<string, number>()

  const isNews = (key: string): boolean => {
    const now = clock.monotonic()
    const last = saidAt.get(key)
    if (last !== undefined && now - last < quietMs) return false
    saidAt.delete(key)
    saidAt.set(key, now)
    const oldest = saidAt.keys().next()
    if (saidAt.size > rememberedLines && !oldest.done) saidAt.delete(oldest.value)
    return true
  }
  return (what, link, fields) => {
    if (!passing.has(what)) link.noted = true
    count(what)
    const agentId = link.claims
    const who = { agentId, remoteAddress: link.remoteAddress }
    const key = `${what}|${agentId ?? link.remoteAddress}|${fields.reason}`
    const level = isNews(key) ? 'warn' : 'debug'
    log[level]({ happening: what, ...who, ...fields }, 'mqtt connection')
  }
}
