import { sql } from 'kysely'
import type { Migration } from '../db/migrate.ts'

export type RegisterTables = {
  owners: {
    id: string
    kind: string
    name: string
    consent: string
    consentAt: number | null
    contact: string | null
    createdAt: number
  }
  contracts: {
    id: string
    code: string
    name: string
    contractor: string
    policyId: string | null
    createdAt: number
  }
  sites: {
    id: string
    name: string
    areaId: string
    lat: number | null
    lon: number | null
    feeder: string | null
    createdAt: number
  }
  assets: {
    id: string
    kind: string
    name: string
    areaId: string
    siteId: string | null
    parentId: string | null
    ownerId: string | null
    contractId: string | null
    lifecycle: string
    lat: number | null
    lon: number | null
    critical: number
    targets: string
    createdAt: number
    /** The name without marks, for search. */
    sought: string
  }
  assetLifecycles: {
    id: string
    assetId: string
    state: string
    fromAt: number
    toAt: number | null
    reason: string
  }
  equipment: {
    id: string
    serial: string
    model: string | null
    supplier: string | null
    contractId: string | null
    priceVnd: number | null
    funding: string | null
    warrantyUntil: string | null
    createdAt: number
  }
  fittings: {
    id: string
    equipmentId: string
    assetId: string
    fittedAt: number
    removedAt: number | null
  }
  bindings: {
    id: string
    agentId: string
    unit: string
    part: string
    assetId: string
    assetPart: string
    fromAt: number
    toAt: number | null
  }
}

const createParties: Migration['up'] = async (tx) => {
  await tx.schema
    .createTable('owners')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('consent', 'text', (c) => c.notNull())
    .addColumn('consent_at', 'bigint')
    .addColumn('contact', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await tx.schema
    .createTable('contracts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('code', 'text', (c) => c.notNull().unique())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('contractor', 'text', (c) => c.notNull())
    .addColumn('policy_id', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await tx.schema
    .createTable('sites')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('area_id', 'text', (c) => c.notNull().references('areas.id'))
    .addColumn('lat', 'double precision')
    .addColumn('lon', 'double precision')
    .addColumn('feeder', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
}

const createAssets: Migration['up'] = async (tx) => {
  await tx.schema
    .createTable('assets')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('area_id', 'text', (c) => c.notNull().references('areas.id'))
    .addColumn('site_id', 'text', (c) => c.references('sites.id'))
    .addColumn('parent_id', 'text', (c) => c.references('assets.id'))
    .addColumn('owner_id', 'text', (c) => c.references('owners.id'))
    .addColumn('contract_id', 'text', (c) => c.references('contracts.id'))
    .addColumn('lifecycle', 'text', (c) => c.notNull())
    .addColumn('lat', 'double precision')
    .addColumn('lon', 'double precision')
    .addColumn('critical', 'integer', (c) => c.notNull())
    .addColumn('targets', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('sought', 'text', (c) => c.notNull())
    .execute()
  await tx.schema.createIndex('assets_area').on('assets').columns(['area_id', 'kind']).execute()
  await tx.schema.createIndex('assets_parent').on('assets').column('parent_id').execute()
  await tx.schema.createIndex('assets_name').on('assets').columns(['name', 'id']).execute()
  await tx.schema
    .createTable('asset_lifecycles')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('asset_id', 'text', (c) => c.notNull().references('assets.id'))
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('from_at', 'bigint', (c) => c.notNull())
    .addColumn('to_at', 'bigint')
    .addColumn('reason', 'text', (c) => c.notNull())
    .execute()
  await sql`create unique index asset_lifecycles_now on asset_lifecycles (asset_id) where to_at is null`.execute(
    tx,
  )
}

const createFittings: Migration['up'] = async (tx) => {
  await tx.schema
    .createTable('equipment')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('serial', 'text', (c) => c.notNull().unique())
    .addColumn('model', 'text')
    .addColumn('supplier', 'text')
    .addColumn('contract_id', 'text', (c) => c.references('contracts.id'))
    .addColumn('price_vnd', 'bigint')
    .addColumn('funding', 'text')
    .addColumn('warranty_until', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await tx.schema
    .createTable('fittings')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('equipment_id', 'text', (c) => c.notNull().references('equipment.id'))
    .addColumn('asset_id', 'text', (c) => c.notNull().references('assets.id'))
    .addColumn('fitted_at', 'bigint', (c) => c.notNull())
    .addColumn('removed_at', 'bigint')
    .execute()
  // A device is in one place, and a place holds one device.
  await sql`create unique index fittings_device_now on fittings (equipment_id) where removed_at is null`.execute(
    tx,
  )
  await sql`create unique index fittings_asset_now on fittings (asset_id) where removed_at is null`.execute(
    tx,
  )
  await tx.schema
    .createTable('bindings')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('agent_id', 'text', (c) => c.notNull())
    .addColumn('unit', 'text', (c) => c.notNull())
    .addColumn('part', 'text', (c) => c.notNull())
    .addColumn('asset_id', 'text', (c) => c.notNull().references('assets.id'))
    .addColumn('asset_part', 'text', (c) => c.notNull())
    .addColumn('from_at', 'bigint', (c) => c.notNull())
    .addColumn('to_at', 'bigint')
    .execute()
  await sql`create unique index bindings_now on bindings (agent_id, unit, part) where to_at is null`.execute(
    tx,
  )
  await tx.schema.createIndex('bindings_asset').on('bindings').column('asset_id').execute()
}

export const registerMigrations: Migration[] = [
  {
    id: 'register.1',
    up: async (tx, dialect) => {
      await createParties(tx, dialect)
      await createAssets(tx, dialect)
      await createFittings(tx, dialect)
    },
  },
]
