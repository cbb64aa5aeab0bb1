import type { Migration } from '../db/migrate.ts'

export type TwinTables = {
  /** What each unit last said, by part. */
  twinUnits: {
    agentId: string
    unit: string
    kind: string
    at: number
    receivedAt: number
    parts: string
  }
  /** Desired sections and what the agent says of them. */
  twinSections: {
    agentId: string
    section: string
    version: number
    hash: string
    body: string
    updatedAt: number
    reportedVersion: number | null
    reportedHash: string | null
    /** pending · accepted · refused; of the desired hash. */
    state: string
    reason: string | null
    /** When the hub got that word. */
    reportedAt: number | null
  }
  presence: { agentId: string; hubId: string; session: number; connected: number; at: number }
}

export const twinMigrations: Migration[] = [
  {
    id: 'twin.1',
    up: async (tx) => {
      await tx.schema
        .createTable('twin_units')
        .addColumn('agent_id', 'text', (c) => c.notNull())
        .addColumn('unit', 'text', (c) => c.notNull())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addColumn('received_at', 'bigint', (c) => c.notNull())
        .addColumn('parts', 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('twin_units_pk', ['agent_id', 'unit'])
        .execute()
      await tx.schema
        .createTable('twin_sections')
        .addColumn('agent_id', 'text', (c) => c.notNull())
        .addColumn('section', 'text', (c) => c.notNull())
        .addColumn('version', 'bigint', (c) => c.notNull())
        .addColumn('hash', 'text', (c) => c.notNull())
        .addColumn('body', 'text', (c) => c.notNull())
        .addColumn('updated_at', 'bigint', (c) => c.notNull())
        .addColumn('reported_version', 'bigint')
        .addColumn('reported_hash', 'text')
        .addColumn('state', 'text', (c) => c.notNull())
        .addColumn('reason', 'text')
        .addColumn('reported_at', 'bigint')
        .addPrimaryKeyConstraint('twin_sections_pk', ['agent_id', 'section'])
        .execute()
      await tx.schema
        .createTable('presence')
        .addColumn('agent_id', 'text', (c) => c.primaryKey())
        .addColumn('hub_id', 'text', (c) => c.notNull())
        .addColumn('session', 'bigint', (c) => c.notNull())
        .addColumn('connected', 'integer', (c) => c.notNull())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .execute()
    },
  },
]
