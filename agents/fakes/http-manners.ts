import type { ServerResponse } from 'node:http'
import type { Clock } from '../../src/core/clock.ts'

/** How a fake web server sends what it has to say: well, or as broken devices do. */
export type Reply = { status: number; headers: Record<string, string | string[]>; body: string }

/**
 * `well` answers; `stall` takes the request and never answers; `half` sends headers only;
 * `trickle` one byte a second; `flood` never stops; the others answer nonsense.
 */
export type Transport =
  | 'well'
  | 'stall'
  | 'half'
  | 'trickle'
  | 'reset'
  | 'html'
  | 'truncated'
  | 'empty'
  | 'flood'

const htmlPage =
  '<!doctype html><html><head><title>Error</title></head><body><br>Oops</body></html>'

type Sending = {
  response: ServerResponse
  reply: Reply
  transport: Transport
  clock: Clock
}

/** Challenges and refusals are sent well in the manners that only spoil pages. */
export function sendReply({ response, reply, transport, clock }: Sending): void {
  const { status, headers, body } = reply
  switch (transport) {
    case 'stall':
      return
    case 'reset':
      response.socket?.resetAndDestroy()
      return
    case 'half':
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) + 10 })
      response.flushHeaders()
      return
    case 'trickle':
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) + 10 })
      trickle(response, body, clock)
      return
    case 'flood':
      response.writeHead(status, headers)
      flood(response)
      return
    case 'well':
    case 'html':
    case 'truncated':
    case 'empty':
      response.writeHead(status, headers)
      response.end(status === 200 ? spoiled(body, transport) : body)
  }
}

function spoiled(body: string, transport: 'well' | 'html' | 'truncated' | 'empty'): string {
  if (transport === 'html') return htmlPage
  if (transport === 'empty') return ''
  return transport === 'truncated' ? body.slice(0, Math.floor(body.length * 0.6)) : body
}

function trickle(response: ServerResponse, body: string, clock: Clock): void {
  const bytes = Buffer.from(body)
  let at = 0
  const timer = clock.every(1000, () => {
    if (at < bytes.length) response.write(bytes.subarray(at, at + 1))
    at += 1
  })
  response.flushHeaders()
  response.once('close', () => timer.cancel())
}

/** Sends until the other side hangs up. */
function flood(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, 'a')
  const more = () => {
    if (!response.destroyed && response.write(chunk)) setImmediate(more)
  }
  response.on('drain', more)
  more()
}
