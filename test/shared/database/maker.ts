import type { Clock } from '../../../src/core/clock.ts'
import { createManualClock } from '../../../src/core/clock.ts'
import { silentLog } from '../../../src/core/log.ts'
import type { Database } from '../../../src/db/database.ts'
import { openDatabase } from '../../../src/db/database.ts'
import { migrate } from '../../../src/db/migrate.ts'
import { dbMigrations } from '../../../src/db/schema.ts'

/** One implementation under test. */
export type Maker = {
  name: 'SQLite' | 'PostgreSQL'
  /** URL of a new, empty database. */
  newUrl: () => Promise<string>
  /** An empty folder of this test file, for backups and markers. */
  newFolder: () => string
}

export const startAt = Date.UTC(2026, 6, 30, 12)

/** Opened databases of the running test; `closeAll` belongs into `afterEach`. */
const opened: { close: () => Promise<void> }[] = []

export async function closeAll(): Promise<void> {
  for (const db of opened.splice(0)) await db.close()
}

export async function open<S>(url: string, clock: Clock): Promise<Database<S>> {
  const db = await openDatabase<S>({ url, log: silentLog, clock })
  opened.push(db)
  return db
}

/** A database with this room's tables; `url` lets a test open it again as another process would. */
export async function migrated<S>(maker: Maker, clock: Clock = createManualClock(startAt)) {
  const url = await maker.newUrl()
  const db = await open<S>(url, clock)
  const options = { backupFolder: maker.newFolder(), clock, log: silentLog }
  await migrate(db, dbMigrations, options)
  return { clock, db, url }
}

/** Holds someone until `open` is called. */
export function createGate(): { open: () => void; passed: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: resolve, passed: promise }
}
