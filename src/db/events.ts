/**
 * Business changes in their order, for readers that keep a cursor. An event carries ids and no
 * names, is appended as the last statement of the transaction that it tells of, and is kept some
 * days beyond its slowest reader. It is not history: rooms keep that in their own tables.
 */
import type { Generated } from 'kysely'
import { type Clock, seconds } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createLoop, type Loop } from '../core/loop.ts'
import { inChunks } from './chunks.ts'
import { type AnyDatabase, type AnyTx, type Database, type Tx, withTables } from './database.ts'
import type { DbTables } from './schema.ts'
import { markAppended } from './transaction.ts'
import { takeTurn } from './turns.ts'

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

/**
 * Appends events in the given order and returns the last number. Call it as the last thing of a
 * writing transaction: on PostgreSQL other appenders wait until that transaction ends.
 */
export async function appendEvents(tx: AnyTx, events: NewEvent[], at: number): Promise<number> {
  if (events.length === 0) throw new RangeError('there is no event to append')
  // On PostgreSQL numbers are given before the commit, so a reader could see 8, move its cursor
  // there and miss 7 for ever. Appenders therefore go one after the other.
  await takeTurn(tx, 'events')
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

const toEvent = (row: DbTables['events']): EventRow => ({
  ...row,
  data: JSON.parse(row.data) as EventRow['data'],
})

async function eventsAfter(tx: AnyTx, after: number, limit: number): Promise<EventRow[]> {
  const rows = await withTables<DbTables>(tx)
    .selectFrom('events')
    .selectAll()
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows.map(toEvent)
}

/** Events after number `after`, oldest first, at most `limit`. */
export const readEvents = (db: AnyDatabase, after: number, limit: number): Promise<EventRow[]> =>
  db.read((q) => eventsAfter(q, after, limit))

/** Number of the newest event, 0 before the first. The newest one is never pruned. */
export async function lastSeq(tx: AnyTx): Promise<number> {
  const row = await withTables<DbTables>(tx)
    .selectFrom('events')
    .select((e) => e.fn.max('seq').as('last'))
    .executeTakeFirst()
  return row?.last ?? 0
}

export type ConsumerOptions<S> = {
  db: Database<S>
  /** Key of the cursor; two processes with one name share the work, each event goes to one. */
  name: string
  clock: Clock
  log: Log
  /** Only these kinds are handed over; the cursor passes the others. All when absent. */
  kinds?: string[]
  batch?: number
  idleMs?: number
  /**
   * Takes events in order, at least one. Its writes and the cursor are one transaction, so they
   * happen once per event; what it throws undoes both and is tried again later.
   */
  handle: (tx: Tx<S>, events: EventRow[]) => Promise<void>
}

/** Makes the cursor when absent, locks it until the transaction ends, and returns its place. */
async function lockCursor(tx: AnyTx, name: string, now: number): Promise<number> {
  const { seq } = await withTables<DbTables>(tx)
    .insertInto('eventCursors')
    .values({ name, seq: 0, movedAt: now })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ movedAt: now }))
    .returning('seq')
    .executeTakeFirstOrThrow()
  return seq
}

const moveCursor = (tx: AnyTx, name: string, seq: number): Promise<unknown> =>
  withTables<DbTables>(tx)
    .updateTable('eventCursors')
    .set({ seq })
    .where('name', '=', name)
    .execute()

/** Keeps an idle consumer from taking the writer just to find nothing. */
const hasMore = (db: AnyDatabase, name: string): Promise<boolean> =>
  db.read(async (q) => {
    const tables = withTables<DbTables>(q)
    const cursor = await tables
      .selectFrom('eventCursors')
      .select('seq')
      .where('name', '=', name)
      .executeTakeFirst()
    return (await lastSeq(q)) > (cursor?.seq ?? 0)
  })

/**
 * Reads the events from the beginning of what is kept, in batches, for ever. Woken by commits of
 * this process, others are found by looking each `idleMs`. Stop it before closing the database.
 */
export function createConsumer<S>(options: ConsumerOptions<S>): Loop {
  const { db, name, clock, log, kinds, batch = 200, idleMs = seconds(1), handle } = options
  const consumeBatch = async (tx: Tx<S>): Promise<boolean> => {
    const cursor = await lockCursor(tx, name, clock.now())
    const events = await eventsAfter(tx, cursor, batch)
    const last = events.at(-1)
    if (!last) return false
    // Before the handler: events that it appends are then the last statement.
    await moveCursor(tx, name, last.seq)
    const wanted = kinds ? events.filter(({ kind }) => kinds.includes(kind)) : events
    if (wanted.length > 0) await handle(tx, wanted)
    return events.length === batch
  }
  const loop = createLoop({
    name: `events:${name}`,
    clock,
    log,
    idleMs,
    turn: async () => ((await hasMore(db, name)) ? db.write(consumeBatch) : false),
  })
  const forget = db.onAppended(loop.wake)
  return {
    wake: loop.wake,
    stop: () => {
      forget()
      return loop.stop()
    },
  }
}
