import { sql } from 'kysely'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { AnyDatabase, AnyTx, Tx } from './database.ts'
import { withTables } from './database.ts'
import type { Dialect } from './engine.ts'
import { pendingMigrations } from './migration-order.ts'
import type { DbTables } from './schema.ts'
import { tableNames } from './tables.ts'

/** `id` is 'room.N'; each room counts from 1 without gaps. Forward only, never edited later. */
export type Migration = {
  id: string
  up: (tx: Tx<unknown>, dialect: Dialect) => Promise<void>
}

/** Two programs may start at once: one migrates, the other waits and finds nothing to do. */
const migrationLock = 7_205_301

const orderOf = (migrations: Migration[]): string[] => migrations.map(({ id }) => id)

async function appliedIds(tx: AnyTx): Promise<string[]> {
  if (!(await tableNames(tx)).includes('schema_migrations')) return []
  const q = withTables<DbTables>(tx)
  const rows = await q.selectFrom('schemaMigrations').select('id').orderBy('position').execute()
  return rows.map(({ id }) => id)
}

const prepare = (tx: Tx<unknown>, dialect: Dialect): Promise<void> =>
  tx.schema
    .createTable('schema_migrations')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('applied_at', dialect === 'postgres' ? 'bigint' : 'integer', (c) => c.notNull())
    .addColumn('position', 'integer', (c) => c.notNull().unique())
    .execute()

/** Applies the first migration still missing, in its own transaction; undefined when none is. */
const applyNext = (
  db: AnyDatabase,
  migrations: Migration[],
  now: () => number,
): Promise<string | undefined> =>
  db.write(async (anyTx) => {
    const tx = withTables<unknown>(anyTx)
    if (db.dialect === 'postgres') {
      await sql`select pg_advisory_xact_lock(${migrationLock})`.execute(tx)
      await sql`set local statement_timeout = 0`.execute(tx)
    }
    const applied = await appliedIds(tx)
    const [id] = pendingMigrations(orderOf(migrations), applied)
    const next = migrations.find((migration) => migration.id === id)
    if (!next) return undefined
    await prepare(tx, db.dialect)
    await next.up(tx, db.dialect)
    await withTables<DbTables>(tx)
      .insertInto('schemaMigrations')
      .values({ id: next.id, appliedAt: now(), position: applied.length + 1 })
      .execute()
    return next.id
  })

/**
 * Brings the database to the newest schema and returns what it applied. Ids and order are checked
 * before anything changes; a database that is not empty is backed up first. Each migration is one
 * transaction, so after a failure the database stands at the last one that worked.
 * Throws Problem `db.newer-schema` for a database that a newer program has migrated.
 */
export async function migrate(
  db: AnyDatabase,
  migrations: Migration[],
  options: { backupFolder: string; clock: Clock; log: Log },
): Promise<{ applied: string[] }> {
  const { backupFolder, clock, log } = options
  const before = await db.read(async (q) => ({
    pending: pendingMigrations(orderOf(migrations), await appliedIds(q)),
    tables: await tableNames(q),
  }))
  if (before.pending.length === 0) return { applied: [] }
  if (before.tables.length > 0) {
    log.info({ backup: await db.backup(backupFolder) }, 'database backed up before migrating')
  }
  const applied: string[] = []
  for (;;) {
    const id = await applyNext(db, migrations, clock.now)
    if (!id) return { applied }
    applied.push(id)
    log.info({ migration: id }, 'migration applied')
  }
}
