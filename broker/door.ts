import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Client } from 'aedes'
import type { DownChannel } from '../src/contract/wire/channels.ts'
import type { Clock } from '../src/core/clock.ts'
import type { Log } from '../src/core/log.ts'
import { createAdmission } from './admission.ts'
import type { BrokerPorts } from './broker.ts'
import { guardReads } from './frame-guard.ts'
import { certificateOf } from './identity.ts'
import type { Limits } from './limits.ts'
import { type Link, letRead, newLink } from './link.ts'
import { createNotes, type Note } from './notes.ts'
import { createPublishing, createSubscribing } from './publishing.ts'
import { listenToEndings, startAedes } from './quiet-aedes.ts'
import { safePorts } from './safe-ports.ts'
import { createSends, type Sends } from './sends.ts'
import { startSweep } from './sweep.ts'
import { createSessions, type Sessions } from './takeover.ts'

type Options = { clock: Clock; log: Log; ports: BrokerPorts; limits: Limits }

/** Where a connection comes from. For a WebSocket, `socket` is the one of its upgrade request. */
type From = { socket: Socket; request?: IncomingMessage; trustsCertificates?: boolean }

/** What every transport leads to: the broker, its hooks, and the book of links and sessions. */
export async function createDoor(options: Options) {
  const { clock, log, limits } = options
  const ports = safePorts(options.ports, log)
  const note = createNotes({ clock, log, count: ports.count })
  const links = new Set<Link>()
  const linkByConn = new WeakMap<object, Link>()
  const linkOf = (client: Client) => linkByConn.get(client.conn)
  let closing = false

  const sends = createSends({ clock, timeoutMs: limits.sendTimeoutMs, note })
  const sessions = bookSessions({ ports, limits, note, sends })
  const shared = { ports, sessions, note, linkOf, isClosing: () => closing }
  const aedes = await startAedes({
    limits,
    hooks: {
      ...createAdmission({ ...shared, clock, timeoutMs: limits.connectTimeoutMs }),
      authorizePublish: createPublishing(shared),
      authorizeSubscribe: createSubscribing(shared),
      authorizeForward: sends.onForward,
    },
    onAck: (client, messageId) => sends.onAck(linkOf(client)?.session, messageId),
  })
  listenToEndings(aedes, { log, note, linkOf })
  const sweep = startSweep({ clock, frameTimeoutMs: limits.frameTimeoutMs, links, note })

  const open = (conn: Duplex, from: From) => {
    const link = newLink(conn, from.socket.remoteAddress)
    conn.on('error', () => {})
    if (closing) return conn.destroy()
    if (links.size >= limits.maxConnections) {
      note('too-many-connections', link, { reason: 'no more connections are taken' })
      return conn.destroy()
    }
    links.add(link)
    linkByConn.set(conn, link)
    conn.once('close', () => links.delete(link))
    if (from.trustsCertificates) setCertificate(link, note)
    guardReads(link, { limits, clock, note })
    return aedes.handle(conn, from.request)
  }
  return {
    ...createReach({ sessions, sends, links, note }),
    open,
    onTlsError: (error: Error & { code?: string }, remoteAddress: string | undefined) =>
      note('tls-failed', { remoteAddress, noted: false }, { reason: error.code ?? error.message }),
    close: async () => {
      closing = true
      sweep.cancel()
      await new Promise<void>((resolve) => aedes.close(() => resolve()))
      await Promise.all([...links].map(({ conn }) => closed(conn)))
    },
  }
}

const closed = (conn: Duplex): Promise<void> =>
  new Promise((resolve) => {
    conn.once('close', resolve)
    conn.destroy()
  })

function setCertificate(link: Link, note: Note): void {
  const certificate = certificateOf(link.conn)
  if (certificate === 'not-authorised') {
    note('certificate-not-authorised', link, { reason: 'its chain is not trusted here' })
  } else if (certificate) link.certificate = certificate
}

function bookSessions(options: {
  ports: BrokerPorts
  limits: Limits
  note: Note
  sends: Sends
}): Sessions {
  return createSessions({
    maxPending: options.limits.maxPendingPerClient,
    present: options.ports.present,
    onTakeover: (old, link) =>
      options.note('connection-taken-over', old.link, {
        reason: 'the same agent connected again',
        newAddress: link.remoteAddress,
      }),
    onEnd: options.sends.onEnd,
    onFull: (link) => {
      link.held.pending = true
    },
    onFree: (link) => letRead(link, 'pending'),
  })
}

/** What the hub does to agents by their id. */
function createReach(options: {
  sessions: Sessions
  sends: Sends
  links: Iterable<Link>
  note: Note
}) {
  const { sessions, sends, links, note } = options
  return {
    send: async (agentId: string, channel: DownChannel, body: unknown): Promise<boolean> => {
      const session = sessions.find(agentId)
      return session ? sends.send(session, channel, body) : false
    },
    disconnect: (agentId: string, reason: string) => {
      for (const link of links) {
        if (link.claims !== agentId) continue
        link.cut = reason
        if (!link.session || link.session.ended) continue
        note('connection-cut', link, { reason })
        link.session.client.close()
      }
    },
    connectedCount: sessions.count,
    isConnected: (agentId: string) => sessions.find(agentId)?.client.closed === false,
  }
}
