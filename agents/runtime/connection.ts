import type { Duplex } from 'node:stream'
import { messageOf } from '../../src/core/problem.ts'
import { type Ending, failuresAfter, reconnectDelayMs } from './backoff.ts'
import { openSession, type Session, type SessionOptions } from './session.ts'

export type ConnectionOptions = Omit<SessionOptions, 'password'> & {
  /** Read at each attempt: a rotated secret needs no restart. */
  secret: () => string
  dial: () => Promise<Duplex>
  /** In [0, 1). */
  random: () => number
  onLost: () => void
}

export type Connection = {
  isConnected: () => boolean
  /** Says goodbye (DISCONNECT, so no will) and stays away. */
  stop: () => Promise<void>
}

/** True for CONNACK 4 and 5: the hub knows us not, or no longer. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 4 || error.code === 5)

type Ended = Ending & { reason?: string }

const failed = (error: unknown): Ended => ({
  kind: isRefusal(error) ? 'refused' : 'unreachable',
  reason: messageOf(error),
})

/**
 * Keeps one MQTT session alive for as long as the agent runs: dials, waits, dials again. Nothing
 * is retried inside a healthy connection and nothing is kept here over a lost one.
 */
export function startConnection(options: ConnectionOptions): Connection {
  const { clock, log } = options
  const stopping = new AbortController()
  let session: Session | undefined
  let ready = false

  const live = async (stream: Duplex, password: string): Promise<Ended> => {
    const onReady: SessionOptions['onReady'] = (link) => {
      ready = true
      log.info({}, 'connected to the hub')
      options.onReady(link)
    }
    session = openSession(stream, { ...options, password, onReady })
    try {
      return { kind: 'lost', lastedMs: await session.ended }
    } finally {
      session = undefined
      if (ready) options.onLost()
      ready = false
    }
  }
  const attempt = async (): Promise<Ended> => {
    try {
      const password = options.secret()
      const stream = await options.dial()
      if (!stopping.signal.aborted) return await live(stream, password)
      stream.destroy()
      return { kind: 'unreachable' }
    } catch (error) {
      return failed(error)
    }
  }
  const run = async () => {
    let failures = 0
    while (!stopping.signal.aborted) {
      const ended = await attempt()
      if (stopping.signal.aborted) return
      failures = failuresAfter(failures, ended)
      const waitMs = reconnectDelayMs(failures, ended, options.random())
      const { kind, reason } = ended
      if (failures <= 1) log.warn({ kind, reason, waitMs }, 'not connected to the hub')
      else log.debug({ kind, reason, failures, waitMs }, 'still not connected to the hub')
      await clock.sleep(waitMs, stopping.signal)
    }
  }
  const finished = run()
  return {
    isConnected: () => ready,
    stop: async () => {
      stopping.abort()
      await session?.goodbye()
      await finished
    },
  }
}
