import type { AedesPublishPacket, Client } from 'aedes'
import { channels, type DownChannel } from '../src/contract/wire/channels.ts'
import { encode } from '../src/contract/wire/codec.ts'
import { topicOf } from '../src/contract/wire/topics.ts'
import type { Clock } from '../src/core/clock.ts'
import type { Note } from './notes.ts'
import type { Session } from './session.ts'

const lastMessageId = 65_535
/** Unacknowledged messages of one agent; the hub sends a few, so more means that it hangs. */
const maxInFlight = 100

/** Packet ids go round from 1 to 65535 and pass over those in flight [MQTT-2.3.1-2]. */
export function nextMessageId(last: number, inFlight: { has: (id: number) => boolean }): number {
  let id = last
  do id = (id % lastMessageId) + 1
  while (inFlight.has(id))
  return id
}

const grantedQos = (client: Client, topic: string): number | undefined =>
  (client as Client & { subscriptions?: Record<string, { qos: number }> }).subscriptions?.[topic]
    ?.qos

export type Sends = {
  /** True when the agent has acknowledged it; at QoS 0, when it is written. */
  send: (session: Session, channel: DownChannel, body: unknown) => Promise<boolean>
  /** The hook in which an outgoing packet gets our packet id. */
  onForward: (client: Client, packet: AedesPublishPacket) => AedesPublishPacket
  onAck: (session: Session | undefined, messageId: number) => void
  onEnd: (session: Session) => void
}

/** Messages from the hub to one agent, straight to its connection: nothing is routed. */
export function createSends(options: { clock: Clock; timeoutMs: number; note: Note }): Sends {
  const { clock, timeoutMs, note } = options
  let outgoingId: number | undefined

  const write = (session: Session, message: Outgoing, written: () => void) => {
    outgoingId = message.messageId
    try {
      session.client.publish(
        { cmd: 'publish', dup: false, retain: false, ...message } as AedesPublishPacket,
        written,
      )
    } finally {
      outgoingId = undefined
    }
  }
  const sendUnacknowledged = (session: Session, message: Outgoing): Promise<boolean> =>
    new Promise((resolve) => {
      write(session, message, () => resolve(!session.client.closed))
    })
  const sendAcknowledged = (session: Session, message: Outgoing): Promise<boolean> => {
    session.sends ??= new Map()
    const inFlight = session.sends
    if (inFlight.size >= maxInFlight) {
      note('send-failed', session.link, { reason: 'too many messages wait for the agent' })
      return Promise.resolve(false)
    }
    const messageId = nextMessageId(session.lastMessageId, inFlight)
    session.lastMessageId = messageId
    return new Promise((resolve) => {
      const settle = (acknowledged: boolean) => {
        timer.cancel()
        inFlight.delete(messageId)
        resolve(acknowledged)
      }
      const timer = clock.after(timeoutMs, () => {
        note('send-failed', session.link, { reason: 'the agent does not acknowledge' })
        settle(false)
      })
      inFlight.set(messageId, settle)
      write(session, { ...message, messageId }, () => {})
    })
  }
  return {
    send: async (session, channel, body) => {
      const { client } = session
      if (session.ended || client.closed || !client.connected) return false
      const topic = topicOf(session.agentId, channel)
      // An agent that subscribed with less gets less, and acknowledges nothing.
      const qos = Math.min(channels[channel].qos, grantedQos(client, topic) ?? 1) as 0 | 1
      const message = { topic, qos, payload: encode(channel, body as never) }
      return qos === 0 ? sendUnacknowledged(session, message) : sendAcknowledged(session, message)
    },
    onForward: (_client, packet) => {
      if (outgoingId !== undefined) packet.messageId = outgoingId
      return packet
    },
    onAck: (session, messageId) => session?.sends?.get(messageId)?.(true),
    onEnd: (session) => {
      for (const settle of [...(session.sends?.values() ?? [])]) settle(false)
    },
  }
}

type Outgoing = { topic: string; qos: 0 | 1; payload: Buffer; messageId?: number }
