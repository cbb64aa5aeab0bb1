import { Aedes, type AedesOptions, type Client } from 'aedes'
import type { Log } from '../src/core/log.ts'
import { createNoStore, noRouter } from './clean-sessions.ts'
import { endingOf } from './endings.ts'
import type { Limits } from './limits.ts'
import type { Link } from './link.ts'
import type { Note } from './notes.ts'

/** Packets that a client may pipeline behind its CONNECT in one segment. */
const queueLimit = 200

/** Aedes as a protocol machine: it speaks MQTT with each client and routes and keeps nothing. */
export async function startAedes(options: {
  limits: Limits
  hooks: AedesOptions
  onAck: (client: Client, messageId: number) => void
}): Promise<Aedes> {
  const { limits } = options
  const aedes = new Aedes({
    ...options.hooks,
    mq: noRouter,
    persistence: createNoStore(options.onAck),
    connectTimeout: limits.connectTimeoutMs,
    keepaliveLimit: limits.keepaliveMaxS,
    drainTimeout: limits.sendTimeoutMs,
    maxClientsIdLength: 64,
    queueLimit,
  })
  // What was accepted has arrived: there is nobody to route it to, and all the work that the
  // broker would do for that (a copy, a retained look-up, an offline queue, a match) is for nothing.
  aedes.publish = (_packet: unknown, ...callbacks: unknown[]) => {
    const done = callbacks.at(-1)
    if (typeof done === 'function') done()
  }
  await aedes.listen()
  return aedes
}

/** Counts and says why connections end, unless that was done where it was decided. */
export function listenToEndings(
  aedes: Aedes,
  options: { log: Log; note: Note; linkOf: (client: Client) => Link | undefined },
): void {
  const onEnd = (client: Client, error: Error) => {
    const link = options.linkOf(client)
    if (!link || link.noted) return
    const { what, reason } = endingOf(error)
    options.note(what, link, { reason })
  }
  aedes.on('connectionError', onEnd)
  aedes.on('clientError', onEnd)
  const bare: NodeJS.EventEmitter = aedes
  bare.on('error', (err) => options.log.error({ err }, 'mqtt broker error'))
}
