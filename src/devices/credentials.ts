import { equalSecrets, type Keyring } from '../core/secrets.ts'
import type { Database } from '../db/database.ts'
import type { DevicesTables } from './schema.ts'

type Credential = Pick<
  DevicesTables['agents'],
  'state' | 'secretHash' | 'previousHash' | 'certificate'
>
type Claimed = {
  username: string | undefined
  clientId: string
  password: string | undefined
  certificate?: { fingerprint256: string; commonName: string }
}
export type Identity = { agentId: string } | { refused: string }

export type Credentials = {
  /** Answers from memory, so that a whole province may come back at once. */
  identify: (who: Claimed) => Promise<Identity>
  /** Reads one agent (or all) again; called when an event says that it changed. */
  refresh: (agentId?: string) => Promise<void>
  isKnown: (agentId: string) => boolean
}

const wrong = { refused: 'unknown agent, or wrong secret' } as const
const columns = ['id', 'state', 'secretHash', 'previousHash', 'certificate'] as const

type Options = {
  db: Database<DevicesTables>
  keyring: Keyring
  /** The agent has used its new secret: the old one may go. */
  onNewSecretUsed: (agentId: string) => void
}

function matches(keyring: Keyring, known: Credential, who: Claimed): 'new' | 'old' | undefined {
  if (who.certificate && known.certificate) {
    return equalSecrets(who.certificate.fingerprint256, known.certificate) ? 'new' : undefined
  }
  if (who.password === undefined) return undefined
  const hash = keyring.hash(who.password)
  if (known.secretHash && equalSecrets(hash, known.secretHash)) return 'new'
  return known.previousHash && equalSecrets(hash, known.previousHash) ? 'old' : undefined
}

/** Agents by keyed hash of their secret, or by certificate. `refresh` before the first use. */
export function createCredentials({ db, keyring, onNewSecretUsed }: Options): Credentials {
  const known = new Map<string, Credential>()
  return {
    identify: async (who) => {
      const agentId = who.username ?? who.clientId
      const credential = known.get(agentId)
      if (!credential) return wrong
      const match = matches(keyring, credential, who)
      if (!match) return wrong
      if (credential.state === 'revoked') return { refused: 'this agent is revoked' }
      if (match === 'new' && credential.previousHash) {
        credential.previousHash = null
        onNewSecretUsed(agentId)
      }
      return { agentId }
    },
    refresh: async (agentId) => {
      const rows = await db.read((q) =>
        q
          .selectFrom('agents')
          .select([...columns])
          .$if(agentId !== undefined, (query) => query.where('id', '=', agentId ?? ''))
          .execute(),
      )
      for (const { id, ...credential } of rows) known.set(id, credential)
    },
    isKnown: (agentId) => known.has(agentId),
  }
}
