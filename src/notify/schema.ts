import type { Migration } from '../db/migrate.ts'

export type NotifyTables = {
  notifyTargets: {
    id: string
    name: string
    kind: string
    address: string
    areaId: string | null
    minSeverity: string
    language: string
    /** Sealed by the key file. */
    secret: string
    enabled: number
    createdAt: number
  }
  /** The log that makes sending idempotent: one row per event and target, whatever crashes. */
  deliveries: {
    id: string
    eventSeq: number
    targetId: string
    alertId: string
    kind: string
    state: string
    attempts: number
    nextAt: number
    lastError: string | null
    createdAt: number
    sentAt: number | null
  }
}

export const notifyMigrations: Migration[] = [
  {
    id: 'notify.1',
    up: async (tx) => {
      await tx.schema
        .createTable('notify_targets')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('address', 'text', (c) => c.notNull())
        .addColumn('area_id', 'text', (c) => c.references('areas.id'))
        .addColumn('min_severity', 'text', (c) => c.notNull())
        .addColumn('language', 'text', (c) => c.notNull())
        .addColumn('secret', 'text', (c) => c.notNull())
        .addColumn('enabled', 'integer', (c) => c.notNull())
        .addColumn('created_at', 'bigint', (c) => c.notNull())
        .execute()
      await tx.schema
        .createTable('deliveries')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('event_seq', 'bigint', (c) => c.notNull())
        .addColumn('target_id', 'text', (c) => c.notNull().references('notify_targets.id'))
        .addColumn('alert_id', 'text', (c) => c.notNull())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('state', 'text', (c) => c.notNull())
        .addColumn('attempts', 'integer', (c) => c.notNull())
        .addColumn('next_at', 'bigint', (c) => c.notNull())
        .addColumn('last_error', 'text')
        .addColumn('created_at', 'bigint', (c) => c.notNull())
        .addColumn('sent_at', 'bigint')
        .addUniqueConstraint('deliveries_once', ['event_seq', 'target_id'])
        .execute()
      await tx.schema
        .createIndex('deliveries_due')
        .on('deliveries')
        .columns(['state', 'next_at'])
        .execute()
      await tx.schema
        .createIndex('deliveries_alert')
        .on('deliveries')
        .columns(['alert_id', 'target_id'])
        .execute()
    },
  },
]
