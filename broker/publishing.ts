import type { AedesOptions, Client } from 'aedes'
import { maySubscribe } from '../src/contract/wire/topics.ts'
import { messageOf } from '../src/core/problem.ts'
import type { BrokerPorts } from './broker.ts'
import type { Link } from './link.ts'
import type { Note } from './notes.ts'
import { publishChannel } from './permissions.ts'
import type { Session } from './session.ts'
import type { Sessions } from './takeover.ts'

type AuthorizePublish = NonNullable<AedesOptions['authorizePublish']>
type AuthorizeSubscribe = NonNullable<AedesOptions['authorizeSubscribe']>
type Packet = Parameters<AuthorizePublish>[1]
type Done = (error?: Error | null) => void

type Options = {
  /** `accept` must not throw. */
  ports: BrokerPorts
  sessions: Sessions
  note: Note
  linkOf: (client: Client) => Link | undefined
  isClosing: () => boolean
}

const closed = new Error('connection closed')
const asBuffer = (payload: string | Buffer): Buffer =>
  typeof payload === 'string' ? Buffer.from(payload) : payload

/**
 * The hook that a PUBLISH and a will pass. The broker writes PUBACK as soon as the hook calls
 * back, so it calls back when the record is durable, in arrival order.
 */
export function createPublishing(options: Options): AuthorizePublish {
  const { ports, note, linkOf } = options
  const takeWill = createWills(options)

  const takePublish = (session: Session, packet: Packet, done: Done) => {
    const allowed = publishChannel(session, packet)
    if ('refused' in allowed) {
      const topic = packet.topic.slice(0, 200)
      note('publish-refused', session.link, { reason: allowed.refused, topic })
      return done(new Error(allowed.refused))
    }
    if (packet.retain) {
      packet.retain = false
      note('retain-ignored', session.link, { reason: 'nothing is retained here' })
    }
    const settle = session.pending.add((error) => {
      if (error) note('accept-failed', session.link, { reason: error.message })
      done(error ?? null)
    })
    const { agentId, number } = session
    const payload = asBuffer(packet.payload)
    ports.accept({ agentId, channel: allowed.channel, payload, session: number }, settle)
  }
  const take = (link: Link, packet: Packet, done: Done) => {
    const { session } = link
    if (!session) return done(new Error('not signed in'))
    if (packet === link.connect?.will) return takeWill(session, packet, done)
    if (session.ended || session.client.closed) return done(closed)
    takePublish(session, packet, done)
  }
  return (client, packet, done) => {
    const link = client ? linkOf(client) : undefined
    if (!link) return done(closed)
    try {
      take(link, packet, done)
    } catch (error) {
      note('hook-failed', link, { reason: messageOf(error), err: error })
      done(new Error('internal error'))
    }
  }
}

/**
 * A will speaks for the connection that left it. Once a newer one stands, or when the hub itself
 * is going away, it would only report a living agent as gone.
 */
function createWills({ ports, sessions, note, isClosing }: Options) {
  return (session: Session, packet: Packet, done: Done) => {
    if (isClosing()) return done(closed)
    if (!sessions.isLatest(session)) {
      note('will-ignored', session.link, { reason: 'a newer connection stands' })
      return done(closed)
    }
    const { agentId, number } = session
    const payload = asBuffer(packet.payload)
    ports.accept({ agentId, channel: 'gone', payload, session: number }, (error) => {
      if (error) note('accept-failed', session.link, { reason: error.message })
      done(error ?? null)
    })
  }
}

/** The hook of each filter in a SUBSCRIBE: an agent's own channels, by their exact names. */
export function createSubscribing(options: Options): AuthorizeSubscribe {
  return (client, subscription, done) => {
    const link = options.linkOf(client)
    if (link?.session && maySubscribe(link.session.agentId, subscription.topic)) {
      return done(null, subscription)
    }
    const topic = subscription.topic.slice(0, 200)
    const reason = 'not a channel of this agent'
    if (link) options.note('subscribe-refused', link, { reason, topic })
    done(null, null)
  }
}
