import { sql } from 'kysely'
import type { Migration } from '../db/migrate.ts'

/**
 * The area tree, effective-dated. `area_versions` is the truth; the row with `validTo` null is
 * today. `area_closure` is derived from today's rows and serves every scope query.
 */
export type AreasTables = {
  areas: { id: string; code: string; createdAt: number }
  areaVersions: {
    id: string
    areaId: string
    parentId: string | null
    name: string
    kind: string
    validFrom: number
    validTo: number | null
  }
  areaClosure: { ancestorId: string; areaId: string; depth: number }
  areaSuccessions: {
    id: string
    oldId: string
    newId: string
    kind: string
    at: number
    doc: string
  }
}

export const areasMigrations: Migration[] = [
  {
    id: 'areas.1',
    up: async (tx) => {
      await tx.schema
        .createTable('areas')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('code', 'text', (c) => c.notNull().unique())
        .addColumn('created_at', 'bigint', (c) => c.notNull())
        .execute()
      await tx.schema
        .createTable('area_versions')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('area_id', 'text', (c) => c.notNull().references('areas.id'))
        .addColumn('parent_id', 'text', (c) => c.references('areas.id'))
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('valid_from', 'bigint', (c) => c.notNull())
        .addColumn('valid_to', 'bigint')
        .execute()
      await sql`create unique index area_versions_today on area_versions (area_id) where valid_to is null`.execute(
        tx,
      )
      await tx.schema
        .createTable('area_closure')
        .addColumn('ancestor_id', 'text', (c) => c.notNull())
        .addColumn('area_id', 'text', (c) => c.notNull())
        .addColumn('depth', 'integer', (c) => c.notNull())
        .addPrimaryKeyConstraint('area_closure_pk', ['ancestor_id', 'area_id'])
        .execute()
      await tx.schema
        .createIndex('area_closure_by_area')
        .on('area_closure')
        .columns(['area_id', 'ancestor_id'])
        .execute()
      await tx.schema
        .createTable('area_successions')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('old_id', 'text', (c) => c.notNull().references('areas.id'))
        .addColumn('new_id', 'text', (c) => c.notNull().references('areas.id'))
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addColumn('doc', 'text', (c) => c.notNull())
        .execute()
    },
  },
]
