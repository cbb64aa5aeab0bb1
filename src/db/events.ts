/**
 * Business changes in their order, for readers that keep a cursor. An event carries ids and no
 * names, is appended as the last statement of the transaction that it tells of, and is kept some
 * days beyond its slowest reader. It is not history: rooms keep that in their own tables.
 */
import { type Generated, sql } from 'kysely'
import { inChunks } from './chunks.ts'
import { dialectOf } from './columns.ts'
import { type AnyTx, type Database, withTables } from './database.ts'
import type { DbTables } from './schema.ts'
import { markAppended } from './transaction.ts'

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

export type NewEvent = { kind: string; subject: string; data?: Record<string, unknown> }
export type EventRow = {
  /** Rises in the order of commits, with gaps; never given twice in one lineage. */
  seq: number
  at: number
  kind: string
  subject: string
  data: Record<string, Json>
}

/** The database numbers events itself. */
type EventTables = { events: Omit<DbTables['events'], 'seq'> & { seq: Generated<number> } }

const appendLock = 7_205_302

/**
 * On PostgreSQL numbers are given before the commit, so a reader could see 8, move its cursor
 * there and miss 7 for ever. Appenders therefore go one after the other from here to their commit.
 */
async function takeTurn(tx: AnyTx): Promise<void> {
  if (dialectOf(tx) === 'sqlite') return
  await sql`select pg_advisory_xact_lock(${appendLock})`.execute(withTables(tx))
}

/**
 * Appends events in the given order and returns the last number. Call it as the last thing of a
 * writing transaction: on PostgreSQL other appenders wait until that transaction ends.
 */
export async function appendEvents(tx: AnyTx, events: NewEvent[], at: number): Promise<number> {
  if (events.length === 0) throw new RangeError('there is no event to append')
  await takeTurn(tx)
  const rows = events.map(({ kind, subject, data }) => ({
    at,
    kind,
    subject,
    data: JSON.stringify(data ?? {}),
  }))
  const numbers = await inChunks(rows, (chunk) =>
    withTables<EventTables>(tx).insertInto('events').values(chunk).returning('seq').execute(),
  )
  markAppended()
  return Math.max(...numbers.flat().map(({ seq }) => seq))
}

/** Appends one event and returns its number; see `appendEvents`. */
export const appendEvent = (tx: AnyTx, event: NewEvent, at: number): Promise<number> =>
  appendEvents(tx, [event], at)

export const toEvent = (row: DbTables['events']): EventRow => ({
  ...row,
  data: JSON.parse(row.data) as EventRow['data'],
})

/** Events after number `after`, oldest first, at most `limit`. */
export const readEvents = (db: Database, after: number, limit: number): Promise<EventRow[]> =>
  db.read(async (q) => {
    const rows = await withTables<DbTables>(q)
      .selectFrom('events')
      .selectAll()
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(limit)
      .execute()
    return rows.map(toEvent)
  })
