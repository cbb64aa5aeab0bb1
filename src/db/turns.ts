import { sql } from 'kysely'
import { dialectOf } from './columns.ts'
import { type AnyTx, withTables } from './database.ts'

const turns = { events: 7_205_302, areas: 7_205_303, users: 7_205_304 } as const

/**
 * Lets transactions that take the same turn go one after the other from here to their end, where a
 * rule looks at many rows and no index can hold it. SQLite has one writer at a time anyway.
 */
export async function takeTurn(tx: AnyTx, turn: keyof typeof turns): Promise<void> {
  if (dialectOf(tx) === 'sqlite') return
  await sql`select pg_advisory_xact_lock(${sql.lit(turns[turn])})`.execute(withTables(tx))
}
