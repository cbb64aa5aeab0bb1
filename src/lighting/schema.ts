import type { Migration } from '../db/migrate.ts'

export type LightingTables = {
  lightingPrograms: {
    areaId: string
    version: number
    name: string
    weekly: string
    updatedAt: number
    updatedBy: string | null
  }
  /** Every version ever published. */
  lightingVersions: {
    areaId: string
    version: number
    name: string
    weekly: string
    at: number
    by: string | null
  }
}

export const lightingMigrations: Migration[] = [
  {
    id: 'lighting.1',
    up: async (tx) => {
      await tx.schema
        .createTable('lighting_programs')
        .addColumn('area_id', 'text', (c) => c.primaryKey().references('areas.id'))
        .addColumn('version', 'integer', (c) => c.notNull())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('weekly', 'text', (c) => c.notNull())
        .addColumn('updated_at', 'bigint', (c) => c.notNull())
        .addColumn('updated_by', 'text')
        .execute()
      await tx.schema
        .createTable('lighting_versions')
        .addColumn('area_id', 'text', (c) => c.notNull().references('areas.id'))
        .addColumn('version', 'integer', (c) => c.notNull())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('weekly', 'text', (c) => c.notNull())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addColumn('by', 'text')
        .addPrimaryKeyConstraint('lighting_versions_pk', ['area_id', 'version'])
        .execute()
    },
  },
]
