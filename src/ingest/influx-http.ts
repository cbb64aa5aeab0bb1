import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, Agent as TlsAgent } from 'node:https'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { systemClock } from '../core/clock.ts'
import { messageOf } from '../core/problem.ts'
import { StoreUnavailable } from './series.ts'

const compress = promisify(gzip)

export type InfluxAddress = {
  tls: boolean
  host: string
  port: number
  database: string
  username: string | undefined
  password: string | undefined
}

/**
 * An outer limit on a call to another machine: a body that stalls after its headers settles nothing
 * by itself. Real time, not the hub's clock, which may run a month in seconds.
 */
export async function within<T>(
  limitMs: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController()
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = systemClock.after(limitMs, () => {
    reject(new StoreUnavailable('timeout', `${what} took more than ${limitMs} ms`))
    ending.abort()
  })
  try {
    const running = work(ending.signal)
    running.catch(() => undefined)
    return await Promise.race([running, late])
  } finally {
    timer.cancel()
  }
}

export type HttpAnswer = { status: number; body: string }

const longestAnswer = 64_000

async function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
  response.setEncoding('utf8')
  let body = ''
  for await (const piece of response) if (body.length < longestAnswer) body += piece
  return { status: response.statusCode ?? 0, body }
}

export type InfluxHttp = {
  /** Throws StoreUnavailable when there is no whole answer in time. */
  post: (path: string, text: string) => Promise<HttpAnswer>
  close: () => void
}

/** Compressed POSTs over kept connections. */
export function createInfluxHttp(address: InfluxAddress, timeoutMs: number): InfluxHttp {
  const agentOptions = { keepAlive: true, maxSockets: 4, keepAliveMsecs: 30_000 }
  const agent = address.tls ? new TlsAgent(agentOptions) : new Agent(agentOptions)
  const request = address.tls ? httpsRequest : httpRequest
  const { host, port, username, password } = address
  const auth = username === undefined ? {} : { auth: `${username}:${password ?? ''}` }

  const send = (path: string, body: Buffer, signal: AbortSignal): Promise<HttpAnswer> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-encoding': 'gzip', 'content-length': body.length }
      const options = { host, port, path, method: 'POST', agent, headers, signal, ...auth }
      const asked = request(options, (response) => {
        readAnswer(response).then(resolve, reject)
      })
      asked.on('error', reject)
      asked.end(body)
    })
  return {
    post: async (path, text) => {
      const body = await compress(text, { level: 1 })
      try {
        return await within(timeoutMs, 'write', (signal) => send(path, body, signal))
      } catch (error) {
        if (error instanceof StoreUnavailable) throw error
        throw new StoreUnavailable('network', messageOf(error), error)
      }
    },
    close: () => agent.destroy(),
  }
}
