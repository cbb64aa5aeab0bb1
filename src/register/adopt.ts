import type { AssetKind } from '../contract/api/register.ts'
import type { InventoryUnit } from '../contract/wire/messages.ts'
import type { Tx as AnyTx } from '../db/database.ts'
import { addAsset } from './assets.ts'
import { bind } from './bindings.ts'
import type { RegisterTables } from './schema.ts'

type Tx = AnyTx<RegisterTables>
export type Place = { agentId: string; agentName: string; areaId: string; siteId: string | null }

/** Parts that people answer for one by one; every other part belongs to its unit's asset. */
const ownAsset: Record<string, AssetKind> = { ch: 'camera', circuit: 'circuit' }

const kindOfPart = (part: string): AssetKind | undefined => ownAsset[part.split(':')[0] ?? '']

async function isBound(tx: Tx, agentId: string, unit: string, part: string): Promise<boolean> {
  const row = await tx
    .selectFrom('bindings')
    .select('id')
    .where('agentId', '=', agentId)
    .where('unit', '=', unit)
    .where('part', '=', part)
    .where('toAt', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

async function assetOfUnit(tx: Tx, place: Place, unit: string): Promise<string | null> {
  const row = await tx
    .selectFrom('bindings')
    .select('assetId')
    .where('agentId', '=', place.agentId)
    .where('unit', '=', unit)
    .where('part', '=', '')
    .where('toAt', 'is', null)
    .executeTakeFirst()
  return row?.assetId ?? null
}

type Found = { kind: AssetKind; name: string; unit: string; part: string; parentId: string | null }

async function adoptOne(tx: Tx, place: Place, found: Found, now: number): Promise<boolean> {
  if (await isBound(tx, place.agentId, found.unit, found.part)) return false
  const assetId = await addAsset(
    tx,
    {
      kind: found.kind,
      name: found.name,
      areaId: place.areaId,
      siteId: place.siteId,
      parentId: found.parentId,
      contractId: null,
      lifecycle: 'commissioning',
      lat: null,
      lon: null,
      critical: false,
    },
    now,
  )
  const { unit, part } = found
  await bind(tx, { agentId: place.agentId, unit, part, assetId, assetPart: '' }, now)
  return true
}

/**
 * What an agent found and nobody has registered becomes assets in commissioning, bound to it: seen
 * at once, alarming nobody, outside the SLA until somebody takes them into service. Returns how
 * many were added. What is bound already stays as people arranged it.
 */
export async function adoptInventory(
  tx: Tx,
  place: Place,
  inventory: { units: readonly InventoryUnit[]; now: number },
): Promise<number> {
  let added = 0
  for (const { unit, kind, label, parts } of inventory.units) {
    const name = label ?? `${place.agentName} ${unit}`
    const whole = { kind, name, unit, part: '', parentId: null }
    if (await adoptOne(tx, place, whole, inventory.now)) added += 1
    const parentId = await assetOfUnit(tx, place, unit)
    for (const { part, label: partLabel } of parts) {
      const partKind = kindOfPart(part)
      if (!partKind) continue
      const one = { kind: partKind, name: partLabel ?? `${name} ${part}`, unit, part, parentId }
      if (await adoptOne(tx, place, one, inventory.now)) added += 1
    }
  }
  return added
}
