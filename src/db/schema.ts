import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { columns } from './columns.ts'
import type { Migration } from './migrate.ts'

/** Tables that this room owns. */
export type DbTables = {
  schemaMigrations: { id: string; appliedAt: number; position: number }
  meta: { key: string; value: string }
  events: { seq: number; at: number; kind: string; subject: string; data: string }
  eventCursors: { name: string; seq: number; movedAt: number }
  leases: { name: string; holder: string; until: number }
  jobs: {
    name: string
    /** Scheduled instants up to this one are done, running or given up. */
    lastSlotAt: number
    lastStartedAt: number | null
    lastFinishedAt: number | null
    lastOk: number | null
    lastError: string | null
  }
}

const first: Migration = {
  id: 'db.1',
  up: async (tx, dialect) => {
    const { int8, json, text } = columns(dialect)
    const { schema } = tx
    await schema
      .createTable('meta')
      .addColumn('key', text, (c) => c.primaryKey())
      .addColumn('value', text, (c) => c.notNull())
      .execute()
    await sql`insert into meta (key, value) values ('lineage', ${randomUUID()})`.execute(tx)
    await schema
      .createTable('events')
      // A number is never given twice, even after the newest events were pruned.
      .$call((table) =>
        dialect === 'postgres'
          ? table.addColumn('seq', int8, (c) => c.generatedAlwaysAsIdentity().primaryKey())
          : table.addColumn('seq', int8, (c) => c.primaryKey().autoIncrement()),
      )
      .addColumn('at', int8, (c) => c.notNull())
      .addColumn('kind', text, (c) => c.notNull())
      .addColumn('subject', text, (c) => c.notNull())
      .addColumn('data', json, (c) => c.notNull())
      .execute()
    await schema
      .createTable('event_cursors')
      .addColumn('name', text, (c) => c.primaryKey())
      .addColumn('seq', int8, (c) => c.notNull())
      .addColumn('moved_at', int8, (c) => c.notNull())
      .execute()
    await schema
      .createTable('leases')
      .addColumn('name', text, (c) => c.primaryKey())
      .addColumn('holder', text, (c) => c.notNull())
      .addColumn('until', int8, (c) => c.notNull())
      .execute()
    await schema
      .createTable('jobs')
      .addColumn('name', text, (c) => c.primaryKey())
      .addColumn('last_slot_at', int8, (c) => c.notNull())
      .addColumn('last_started_at', int8)
      .addColumn('last_finished_at', int8)
      .addColumn('last_ok', 'integer')
      .addColumn('last_error', text)
      .execute()
  },
}

export const dbMigrations: Migration[] = [first]
