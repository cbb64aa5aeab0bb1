import type { Migration } from '../db/migrate.ts'

export type DevicesTables = {
  agents: {
    id: string
    /** Name and place as enrolled; what they are now says the asset with the same id. */
    name: string
    areaId: string
    siteId: string | null
    state: string
    secretHash: string | null
    /** Still good until the new secret is used for the first time. */
    previousHash: string | null
    certificate: string | null
    version: string | null
    clockTrust: string | null
    planFormat: number | null
    inventory: string
    inventoryHash: string | null
    bornAt: number | null
    createdAt: number
    revokedAt: number | null
  }
  claims: {
    codeHash: string
    name: string
    areaId: string
    siteId: string | null
    agentId: string
    createdAt: number
    expiresAt: number
    usedAt: number | null
  }
}

export const devicesMigrations: Migration[] = [
  {
    id: 'devices.1',
    up: async (tx) => {
      await tx.schema
        .createTable('agents')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('area_id', 'text', (c) => c.notNull().references('areas.id'))
        .addColumn('site_id', 'text', (c) => c.references('sites.id'))
        .addColumn('state', 'text', (c) => c.notNull())
        .addColumn('secret_hash', 'text')
        .addColumn('previous_hash', 'text')
        .addColumn('certificate', 'text')
        .addColumn('version', 'text')
        .addColumn('clock_trust', 'text')
        .addColumn('plan_format', 'integer')
        .addColumn('inventory', 'text', (c) => c.notNull())
        .addColumn('inventory_hash', 'text')
        .addColumn('born_at', 'bigint')
        .addColumn('created_at', 'bigint', (c) => c.notNull())
        .addColumn('revoked_at', 'bigint')
        .execute()
      await tx.schema
        .createTable('claims')
        .addColumn('code_hash', 'text', (c) => c.primaryKey())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('area_id', 'text', (c) => c.notNull().references('areas.id'))
        .addColumn('site_id', 'text', (c) => c.references('sites.id'))
        .addColumn('agent_id', 'text', (c) => c.notNull())
        .addColumn('created_at', 'bigint', (c) => c.notNull())
        .addColumn('expires_at', 'bigint', (c) => c.notNull())
        .addColumn('used_at', 'bigint')
        .execute()
    },
  },
]
