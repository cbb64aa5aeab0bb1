import type { Migration } from '../db/migrate.ts'

export type IngestTables = {
  /** Where a reader of a journal stopped, and until when it knows what came in. */
  journalCursors: {
    hubId: string
    journalId: string
    reader: string
    position: number
    watermark: number
    /** The hub listens since; silence before that is our own outage. */
    listeningSince: number
    aliveUntil: number
  }
  /** What was received of each agent: outbox ids as merged ranges by epoch, and when last. */
  intake: { agentId: string; epochs: string; seenAt: number }
  /** What did not decode or lies outside the believable time; kept with its reason. */
  rejected: {
    id: string
    at: number
    agentId: string
    channel: string
    kind: string
    reason: string
    size: number
    bytes: Uint8Array
  }
  /** Spans in which the hub itself could not know. */
  outages: { id: string; hubId: string; kind: string; fromAt: number; toAt: number; detail: string }
}

export const ingestMigrations: Migration[] = [
  {
    id: 'ingest.1',
    up: async (tx, dialect) => {
      await tx.schema
        .createTable('journal_cursors')
        .addColumn('hub_id', 'text', (c) => c.notNull())
        .addColumn('journal_id', 'text', (c) => c.notNull())
        .addColumn('reader', 'text', (c) => c.notNull())
        .addColumn('position', 'bigint', (c) => c.notNull())
        .addColumn('watermark', 'bigint', (c) => c.notNull())
        .addColumn('listening_since', 'bigint', (c) => c.notNull())
        .addColumn('alive_until', 'bigint', (c) => c.notNull())
        .addPrimaryKeyConstraint('journal_cursors_pk', ['hub_id', 'journal_id', 'reader'])
        .execute()
      await tx.schema
        .createTable('intake')
        .addColumn('agent_id', 'text', (c) => c.primaryKey())
        .addColumn('epochs', 'text', (c) => c.notNull())
        .addColumn('seen_at', 'bigint', (c) => c.notNull())
        .execute()
      await tx.schema.createIndex('intake_seen').on('intake').column('seen_at').execute()
      await tx.schema
        .createTable('rejected')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addColumn('agent_id', 'text', (c) => c.notNull())
        .addColumn('channel', 'text', (c) => c.notNull())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('reason', 'text', (c) => c.notNull())
        .addColumn('size', 'integer', (c) => c.notNull())
        .addColumn('bytes', dialect === 'postgres' ? 'bytea' : 'blob', (c) => c.notNull())
        .execute()
      await tx.schema
        .createTable('outages')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('hub_id', 'text', (c) => c.notNull())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('from_at', 'bigint', (c) => c.notNull())
        .addColumn('to_at', 'bigint', (c) => c.notNull())
        .addColumn('detail', 'text', (c) => c.notNull())
        .execute()
    },
  },
]
