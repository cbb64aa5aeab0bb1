import { sql } from 'kysely'
import type { Migration } from '../db/migrate.ts'

export type AlertsTables = {
  /** When the newest live set of each agent was made: an older one changes nothing any more. */
  conditionSets: { agentId: string; at: number }
  alerts: {
    id: string
    assetId: string
    part: string
    code: string
    agentId: string
    /** Its local name, under which the agent reports it. */
    unit: string
    unitPart: string
    severity: string
    state: string
    /** Does the judge still see it? What is seen cannot be resolved by hand. */
    active: number
    /** When the fault began, by its judge. */
    since: number
    /** When the hub knew: the SLA clocks start here. */
    openedAt: number
    acknowledgedAt: number | null
    acknowledgedBy: string | null
    resolvedAt: number | null
    reopened: number
    causeId: string | null
    raw: string | null
    note: string | null
    /** Known only afterwards: history, nobody is told, no SLA. */
    late: number
  }
  alertHistory: {
    id: string
    alertId: string
    at: number
    what: string
    by: string | null
    note: string | null
  }
}

const createAlerts: Migration['up'] = async (tx) => {
  await tx.schema
    .createTable('alerts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('asset_id', 'text', (c) => c.notNull().references('assets.id'))
    .addColumn('part', 'text', (c) => c.notNull())
    .addColumn('code', 'text', (c) => c.notNull())
    .addColumn('agent_id', 'text', (c) => c.notNull())
    .addColumn('unit', 'text', (c) => c.notNull())
    .addColumn('unit_part', 'text', (c) => c.notNull())
    .addColumn('severity', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('active', 'integer', (c) => c.notNull())
    .addColumn('since', 'bigint', (c) => c.notNull())
    .addColumn('opened_at', 'bigint', (c) => c.notNull())
    .addColumn('acknowledged_at', 'bigint')
    .addColumn('acknowledged_by', 'text')
    .addColumn('resolved_at', 'bigint')
    .addColumn('reopened', 'integer', (c) => c.notNull())
    .addColumn('cause_id', 'text', (c) => c.references('alerts.id'))
    .addColumn('raw', 'text')
    .addColumn('note', 'text')
    .addColumn('late', 'integer', (c) => c.notNull())
    .execute()
  // One open alert per fault, whoever writes: the database refuses the second.
  await sql`create unique index alerts_open on alerts (asset_id, part, code) where state <> 'resolved'`.execute(
    tx,
  )
  await sql`create unique index alerts_late on alerts (asset_id, part, code, since) where late = 1`.execute(
    tx,
  )
  await tx.schema.createIndex('alerts_opened').on('alerts').columns(['opened_at', 'id']).execute()
  await sql`create index alerts_open_agent on alerts (agent_id) where state <> 'resolved'`.execute(
    tx,
  )
  await tx.schema.createIndex('alerts_cause').on('alerts').column('cause_id').execute()
  await tx.schema
    .createIndex('alerts_asset')
    .on('alerts')
    .columns(['asset_id', 'code', 'resolved_at'])
    .execute()
}

export const alertsMigrations: Migration[] = [
  {
    id: 'alerts.1',
    up: async (tx, dialect) => {
      await tx.schema
        .createTable('condition_sets')
        .addColumn('agent_id', 'text', (c) => c.primaryKey())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .execute()
      await createAlerts(tx, dialect)
      await tx.schema
        .createTable('alert_history')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('alert_id', 'text', (c) => c.notNull().references('alerts.id'))
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addColumn('what', 'text', (c) => c.notNull())
        .addColumn('by', 'text')
        .addColumn('note', 'text')
        .execute()
      await tx.schema
        .createIndex('alert_history_alert')
        .on('alert_history')
        .columns(['alert_id', 'at'])
        .execute()
    },
  },
]
