import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { messageOf } from '../../src/core/problem.ts'

/** One HTTP question and its whole answer, on a connection of its own that ends with it. */
export type Exchange = {
  status: number
  /** Every `WWW-Authenticate` line. */
  challenges: string[]
  body: string
}
export type ExchangeResult = Exchange | { failure: string }

export type ExchangeOptions = {
  url: URL
  authorization?: string
  signal: AbortSignal
  maxBytes: number
  /** Recorders carry certificates of their own making. */
  anyCertificate: boolean
}

const shortReasons: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'name not found',
}

/** A short constant phrase for anything a socket can throw. */
export function failureOf(error: unknown, signal?: AbortSignal): string {
  if (signal?.aborted) return messageOf(signal.reason)
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (code.startsWith('HPE_')) return 'not HTTP'
  return shortReasons[code] ?? (code === '' ? messageOf(error) : code)
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw new Error('answer too large')
    chunks.push(chunk)
  }
  if (!response.complete) throw new Error('connection reset')
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * A 401 counts from its first line on: waiting for a body that trickles would hide a refusal, and
 * the next poll would try the wrong password again.
 */
async function readAnswer(response: IncomingMessage, maxBytes: number): Promise<Exchange> {
  const status = response.statusCode ?? 0
  const challenges = response.headersDistinct['www-authenticate'] ?? []
  const body = readBody(response, maxBytes)
  return { status, challenges, body: await (status === 401 ? body.catch(() => '') : body) }
}

function send(
  options: ExchangeOptions,
): Promise<{ request: ClientRequest; response: IncomingMessage }> {
  const { url, authorization, signal } = options
  return new Promise((resolve, reject) => {
    const make = url.protocol === 'https:' ? requestHttps : requestHttp
    const request = make(url, {
      agent: false,
      headers: {
        accept: 'application/xml, text/xml, */*',
        ...(authorization === undefined ? {} : { authorization }),
      },
      signal,
      rejectUnauthorized: !options.anyCertificate,
    })
    // Stays attached: a late error of a destroyed socket must not become an uncaught one.
    request.on('error', reject)
    request.once('response', (response) => resolve({ request, response }))
    request.end()
  })
}

/** Never throws. The caller's signal carries the total time limit. */
export async function exchange(options: ExchangeOptions): Promise<ExchangeResult> {
  let open: ClientRequest | undefined
  try {
    const { request, response } = await send(options)
    open = request
    return await readAnswer(response, options.maxBytes)
  } catch (error) {
    return { failure: failureOf(error, options.signal) }
  } finally {
    open?.destroy()
  }
}
