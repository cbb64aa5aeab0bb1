import type { Client } from 'aedes'
import type { Link } from './link.ts'
import { newSession, type Session } from './session.ts'
import { createTurns } from './turns.ts'

export type Sessions = {
  /**
   * Lets a link in as the only session of its agent. Connections of one agent enter one by one:
   * the old one is closed and has left before `welcome` is called for the new one, and the next
   * waits until this one stands or is gone. `welcome(undefined)`: it went away while it waited.
   */
  enter: (
    link: Link & { claims: string },
    client: Client,
    welcome: (session: Session | undefined) => void,
  ) => Promise<void>
  find: (agentId: string) => Session | undefined
  all: () => Iterable<Session>
  count: () => number
  /** True when no newer connection stands for this session's agent. */
  isLatest: (session: Session) => boolean
}

const turnOfEvents = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Closes a client and waits until the broker has let go of it. */
async function closeAndWait(client: Client): Promise<void> {
  if (!client.closed) {
    await new Promise<void>((resolve) => client.close(() => resolve()))
    return
  }
  // It is closing on its own: its clean-up runs in this or the next turn.
  await turnOfEvents()
  await turnOfEvents()
}

const connectedOrGone = (client: Client): Promise<void> =>
  new Promise((resolve) => {
    client.once('connected', resolve)
    client.conn.once('close', resolve)
  })

/**
 * Who is connected. The broker's own book goes by client id, and a connection that dies while a
 * new one of the same id arrives strikes out the new one; here a session is told by its object.
 */
export function createSessions(options: {
  maxPending: number
  present: (agentId: string, session: number, connected: boolean) => void
  onTakeover: (old: Session, link: Link) => void
  onEnd: (session: Session) => void
  onFull: (link: Link) => void
  onFree: (link: Link) => void
}): Sessions {
  const live = new Map<string, Session>()
  const inTurn = createTurns()
  let lastNumber = 0

  const end = (session: Session) => {
    if (session.ended) return
    session.ended = true
    if (live.get(session.agentId) === session) live.delete(session.agentId)
    session.pending.drop()
    options.onEnd(session)
    options.present(session.agentId, session.number, false)
  }
  const begin = (link: Link & { claims: string }, client: Client): Session => {
    lastNumber += 1
    const session = newSession({ number: lastNumber, link, client, ...options })
    link.session = session
    live.set(session.agentId, session)
    client.conn.once('close', () => end(session))
    options.present(session.agentId, session.number, true)
    return session
  }
  const retire = async (old: Session, link: Link) => {
    old.superseded = true
    options.onTakeover(old, link)
    await closeAndWait(old.client)
    end(old)
  }
  return {
    enter: (link, client, welcome) =>
      inTurn(link.claims, async () => {
        const old = live.get(link.claims)
        if (old) await retire(old, link)
        if (client.closed || link.cut) return welcome(undefined)
        welcome(begin(link, client))
        await connectedOrGone(client)
      }),
    find: (agentId) => live.get(agentId),
    all: () => live.values(),
    count: () => live.size,
    isLatest: (session) => {
      if (session.superseded) return false
      const current = live.get(session.agentId)
      return current === undefined || current === session
    },
  }
}
