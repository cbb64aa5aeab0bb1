import type { AedesOptions, Client } from 'aedes'
import type { Clock } from '../src/core/clock.ts'
import { messageOf } from '../src/core/problem.ts'
import type { BrokerPorts } from './broker.ts'
import { createIdentify } from './identify.ts'
import { type ConnectRefusal, connack, connectRefusal } from './identity.ts'
import { type Link, letRead } from './link.ts'
import type { Note } from './notes.ts'
import type { Sessions } from './takeover.ts'

type PreConnect = NonNullable<AedesOptions['preConnect']>
type Authenticate = NonNullable<AedesOptions['authenticate']>

/** The hooks that a CONNECT passes: the client-id rules, `identify`, and the turn of its agent. */
export function createAdmission(options: {
  ports: BrokerPorts
  clock: Clock
  timeoutMs: number
  sessions: Sessions
  note: Note
  linkOf: (client: Client) => Link | undefined
  isClosing: () => boolean
}): { preConnect: PreConnect; authenticate: Authenticate } {
  const { ports, sessions, note, linkOf } = options
  const refusalOf = createIdentify({ ...options, identify: ports.identify })

  const authenticate: Authenticate = (client, username, password, done) => {
    const link = linkOf(client)
    const deny = (refusal: ConnectRefusal) => {
      if (link) note('connection-refused', link, refusal)
      done(Object.assign(new Error(refusal.reason), { returnCode: refusal.returnCode }), false)
    }
    if (!link?.connect) return deny({ returnCode: connack.unavailable, reason: 'no such link' })
    const broken = connectRefusal({ clientId: client.id, username, ...link.connect })
    if (broken) return deny(broken)
    const claiming = Object.assign(link, { claims: client.id })
    const admit = async () => {
      const refused = await refusalOf(claiming, { username, password })
      if (refused) return deny(refused)
      await sessions.enter(claiming, client, (session) => {
        if (!session) {
          return deny({ returnCode: connack.notAuthorised, reason: link.cut ?? 'went away' })
        }
        client.once('connected', () => letRead(link, 'handshake'))
        ports.count('connection-accepted')
        done(null, true)
      })
    }
    admit().catch((error: unknown) => {
      note('hook-failed', link, { reason: messageOf(error), err: error })
      deny({ returnCode: connack.unavailable, reason: 'internal error' })
    })
  }

  return {
    preConnect: (client, packet, done) => {
      const link = linkOf(client)
      if (!link || options.isClosing()) return done(new Error('the broker is closing'), false)
      // Until it is signed in nothing more is read: what follows CONNECT in other segments would
      // be handled before it, and what was queued behind CONNECT would be overtaken.
      link.held.handshake = true
      link.connect = {
        clean: packet.clean !== false,
        ...(packet.will ? { will: packet.will } : {}),
      }
      done(null, true)
    },
    authenticate,
  }
}
