import { connect } from 'node:net'
import type { Clock } from '../../src/core/clock.ts'
import { exchange, failureOf } from './http-exchange.ts'
import { converse, type DeviceAnswer, type LoginRules, type Sent } from './http-login.ts'

/**
 * HTTP with one device: one request at a time, each (challenge and answer together) within a total
 * time on the injected clock, each on connections of its own. While the gate is closed nothing is
 * sent. Never throws for anything a device or a network can do.
 */
export type DeviceHttp = {
  get: (path: string, signal: AbortSignal) => Promise<DeviceAnswer>
  /** Only opens a TCP connection and closes it: can never count as a login. */
  knock: (signal: AbortSignal) => Promise<{ failure?: string }>
}

export type DeviceHttpOptions = Omit<LoginRules, 'uri' | 'mayUseBasic'> & {
  base: URL
  clock: Clock
  timeoutMs?: number
  maxBytes?: number
  allowBasicOverHttp?: boolean
  /** Accept any certificate: recorders carry ones of their own making. Basic is refused then. */
  anyCertificate?: boolean
}

const usualTimeoutMs = 10_000
const usualMaxBytes = 1024 * 1024

export function createDeviceHttp(options: DeviceHttpOptions): DeviceHttp {
  const { base, clock, anyCertificate = false, timeoutMs = usualTimeoutMs } = options
  const mayUseBasic =
    base.protocol === 'https:' ? !anyCertificate : options.allowBasicOverHttp === true
  const inTurn = createTurns()

  const sender = (url: URL, signal: AbortSignal) => async (authorization?: string) => {
    const sentAt = clock.now()
    const startedAt = clock.monotonic()
    const result = await exchange({
      url,
      signal,
      anyCertificate,
      maxBytes: options.maxBytes ?? usualMaxBytes,
      ...(authorization === undefined ? {} : { authorization }),
    })
    return { result, sentAt, rttMs: clock.monotonic() - startedAt } satisfies Sent
  }
  return {
    get: (path, signal) =>
      inTurn(async () => {
        if (!options.gate.open()) return { kind: 'held' }
        const url = new URL(path, base)
        const rules = { ...options, uri: url.pathname + url.search, mayUseBasic }
        return within({ clock, timeoutMs, signal }, (limited) =>
          converse(sender(url, limited), rules),
        )
      }),
    knock: (signal) =>
      inTurn(() => within({ clock, timeoutMs, signal }, (limited) => knock(base, limited))),
  }
}

function createTurns() {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}

type Limits = { clock: Clock; timeoutMs: number; signal: AbortSignal }

/** Runs `work` with a signal that aborts after the time limit or with the caller's. */
export async function within<T>(limits: Limits, work: (signal: AbortSignal) => Promise<T>) {
  const { clock, timeoutMs, signal } = limits
  const limit = new AbortController()
  const timer = clock.after(timeoutMs, () => limit.abort(new Error('timeout')))
  const stop = () => limit.abort(new Error('stopped'))
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await work(limit.signal)
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', stop)
  }
}

function knock(base: URL, signal: AbortSignal): Promise<{ failure?: string }> {
  const port = Number(base.port) || (base.protocol === 'https:' ? 443 : 80)
  return new Promise((resolve) => {
    const socket = connect({ host: base.hostname.replace(/^\[|\]$/g, ''), port, signal })
    const finish = (seen: { failure?: string }) => {
      socket.destroy()
      resolve(seen)
    }
    socket.once('connect', () => finish({}))
    socket.on('error', (error) => finish({ failure: failureOf(error, signal) }))
  })
}
