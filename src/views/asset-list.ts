import { type SqlBool, sql } from 'kysely'
import type { z } from 'zod'
import { areaInScope, areaWithin } from '../areas/scope.ts'
import type { Asset, AssetKind, AssetQuery, Lifecycle } from '../contract/api/register.ts'
import type { Tx as TxOf } from '../db/database.ts'
import type { Scope } from '../http/actor.ts'
import { fromCursor, toCursor } from '../http/page.ts'
import { toSought } from '../register/search-text.ts'
import { readAround, standing } from './around.ts'
import type { ViewTables } from './tables.ts'

type Tx = TxOf<ViewTables>
type Query = z.infer<typeof AssetQuery>

const escapeLike = (text: string) => text.replace(/[\\%_]/g, (sign) => `\\${sign}`)

/** Assets inside the scope, with the name of their area. */
export const visibleAssets = (tx: Tx, scope: Scope) =>
  tx
    .selectFrom('assets')
    .innerJoin('areaVersions as v', 'v.areaId', 'assets.areaId')
    .where('v.validTo', 'is', null)
    .where((eb) => areaInScope(eb, scope, 'assets.areaId', 'assets.contractId'))
    .selectAll('assets')
    .select('v.name as areaName')

export type AssetRowWithArea = Awaited<
  ReturnType<ReturnType<typeof visibleAssets>['execute']>
>[number]

/** The part of an asset's answer that its own row gives. */
export const toAssetBase = (row: AssetRowWithArea) => ({
  id: row.id,
  kind: row.kind as AssetKind,
  name: row.name,
  areaId: row.areaId,
  areaName: row.areaName,
  siteId: row.siteId,
  parentId: row.parentId,
  contractId: row.contractId,
  lifecycle: row.lifecycle as Lifecycle,
  lat: row.lat,
  lon: row.lon,
  critical: row.critical === 1,
})

function pageQuery(
  tx: Tx,
  scope: Scope,
  query: Query & { after: [name: string, id: string] | undefined },
) {
  const { areaId, kind, lifecycle, parentId, search, health, after } = query
  const [name, id] = after ?? ['', '']
  return visibleAssets(tx, scope)
    .$if(areaId !== undefined, (q) => q.where(areaWithin('assets.areaId', areaId ?? '')))
    .$if(kind !== undefined, (q) => q.where('assets.kind', '=', kind ?? ''))
    .$if(lifecycle !== undefined, (q) => q.where('assets.lifecycle', '=', lifecycle ?? ''))
    .$if(lifecycle === undefined, (q) => q.where('assets.lifecycle', '!=', 'retired'))
    .$if(parentId !== undefined, (q) => q.where('assets.parentId', '=', parentId ?? ''))
    .$if(search !== undefined, (q) =>
      q.where(
        sql<SqlBool>`assets.sought like ${`%${escapeLike(toSought(search ?? ''))}%`} escape '\\'`,
      ),
    )
    .$if(health === 'fault', (q) =>
      q.where((eb) =>
        eb.exists(
          eb
            .selectFrom('alerts')
            .select('alerts.id')
            .whereRef('alerts.assetId', '=', 'assets.id')
            .where('alerts.state', '!=', 'resolved'),
        ),
      ),
    )
    .$if(after !== undefined, (q) =>
      q.where((eb) =>
        eb.or([
          eb('assets.name', '>', name),
          eb.and([eb('assets.name', '=', name), eb('assets.id', '>', id)]),
        ]),
      ),
    )
    .orderBy('assets.name')
    .orderBy('assets.id')
    .limit(query.limit + 1)
}

/**
 * One page of assets by name with their live state. Health `ok` and `unknown` are known only after
 * looking at the twin, so pages are read until enough fit.
 */
export async function listAssets(
  tx: Tx,
  scope: Scope,
  query: Query,
): Promise<{ items: Asset[]; next: string | null }> {
  const items: Asset[] = []
  let after = query.cursor === undefined ? undefined : fromCursor(query.cursor, ['text', 'text'])
  for (let looked = 0; looked < 40; looked += 1) {
    const rows = await pageQuery(tx, scope, { ...query, after }).execute()
    const page = rows.slice(0, query.limit)
    const around = await readAround(
      tx,
      page.map((row) => row.id),
    )
    for (const row of page) {
      const asset = {
        ...toAssetBase(row),
        ...standing(around, { id: row.id, kind: row.kind as AssetKind }),
      }
      after = [row.name, row.id]
      if (query.health === undefined || asset.health === query.health) items.push(asset)
      if (items.length === query.limit)
        return { items, next: moreAfter(rows, row) ? toCursor(after) : null }
    }
    if (rows.length <= query.limit) return { items, next: null }
  }
  return { items, next: after ? toCursor(after) : null }
}

const moreAfter = (rows: AssetRowWithArea[], row: AssetRowWithArea) => rows.at(-1)?.id !== row.id
