import type { Keyring } from '../core/secrets.ts'
import type { AnyDatabase } from '../db/database.ts'
import { rememberFirst } from '../db/meta.ts'
import { StartError } from './start-error.ts'

/**
 * Secrets in the database are worth nothing under another key: agents would be refused and webhooks
 * go unsigned, in silence. So a second hub, or a restored one, needs the key file that the database
 * was begun with. Throws StartError.
 */
export async function demandKey(db: AnyDatabase, keyring: Keyring, file: string): Promise<void> {
  const own = keyring.hash('the key of this database')
  if ((await rememberFirst(db, 'key-check', own)) === own) return
  throw new StartError(
    `The key file ${file} is not the one that this database was begun with. Copy secret.key from the data folder of the first hub, or from where it is kept for a restore.`,
  )
}
