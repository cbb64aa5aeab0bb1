import { createHmac } from 'node:crypto'
import { messageOf } from '../core/problem.ts'
import { type Channel, NotSent } from './channel.ts'

const timeoutMs = 10_000
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** Why this address cannot be a webhook; undefined when it can. Plain http only to this machine. */
export function webhookProblem(address: string): string | undefined {
  const url = URL.parse(address)
  if (!url) return 'give a full address such as https://example.vn/hook'
  if (url.username || url.password) return 'no user name or password in the address'
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:' && loopback.has(url.hostname)) return undefined
  return 'use https (plain http only to this machine)'
}

/** `t=<ms>,v1=<hex HMAC-SHA256 of "t.body">`: the time is signed too, so an old call cannot be replayed. */
export const sign = (secret: string, at: number, body: string): string =>
  `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`

/** 4xx but 408 and 429: the receiver understood and does not want it. */
const isFinal = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 429

/** A signed JSON POST. Any 2xx is delivered; redirects are refused, they could lead anywhere. */
export const createWebhookChannel = (now: () => number): Channel => ({
  send: async (message, { address, secret }) => {
    const body = JSON.stringify({
      id: message.id,
      subject: message.subject,
      text: message.text,
      ...message.body,
    })
    const headers = {
      'content-type': 'application/json',
      'x-ansang-delivery': message.id,
      'x-ansang-signature': sign(secret, now(), body),
    }
    let response: Response
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      response = await fetch(address, { method: 'POST', headers, body, redirect: 'manual', signal })
    } catch (cause) {
      throw new NotSent(`no answer: ${messageOf(cause)}`, { giveUp: false, cause })
    }
    await response.body?.cancel().catch(() => {})
    if (response.ok) return
    throw new NotSent(`answered ${response.status}`, { giveUp: isFinal(response.status) })
  },
})
