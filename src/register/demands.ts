/**
 * What a change may name: only what lies in the scope of who makes it. What lies outside is refused
 * as what does not exist, so that nobody learns of a place by trying.
 */
import type { AreasTables } from '../areas/schema.ts'
import { areaInScope, demandArea } from '../areas/scope.ts'
import { Problem } from '../core/problem.ts'
import type { Tx as AnyTx } from '../db/database.ts'
import type { Scope } from '../http/actor.ts'
import type { RegisterTables } from './schema.ts'

type Tx = AnyTx<RegisterTables & AreasTables>

const notFound = (what: string, id: string) =>
  new Problem('register.not-found', `there is no ${what} ${id}`)

/** Throws register.not-found for an asset that is not there or outside the scope. */
export async function demandAsset(tx: Tx, scope: Scope, id: string): Promise<void> {
  const found = await tx
    .selectFrom('assets')
    .select('id')
    .where('id', '=', id)
    .where((eb) => areaInScope(eb, scope, 'assets.areaId', 'assets.contractId'))
    .executeTakeFirst()
  if (!found) throw notFound('asset', id)
}

/** Throws register.not-found for a site that is not there or outside the scope. */
export async function demandSite(tx: Tx, scope: Scope, id: string): Promise<void> {
  const found = await tx
    .selectFrom('sites')
    .select('id')
    .where('id', '=', id)
    .where((eb) => areaInScope(eb, scope, 'sites.areaId'))
    .executeTakeFirst()
  if (!found) throw notFound('site', id)
}

/** A contract shows what is in it to another firm: only who keeps it puts things under it. */
async function demandContract(tx: Tx, scope: Scope, id: string): Promise<void> {
  const found = await tx
    .selectFrom('contracts')
    .select('id')
    .where('id', '=', id)
    .executeTakeFirst()
  if (!found || !(scope.everywhere || scope.contracts.includes(id))) throw notFound('contract', id)
}

/** A parent, site, area or contract that is named must be one the actor may use. */
export async function demandPlace(
  tx: Tx,
  scope: Scope,
  place: {
    areaId?: string | undefined
    siteId?: string | null | undefined
    parentId?: string | null
    contractId?: string | null | undefined
  },
): Promise<void> {
  if (place.areaId !== undefined) await demandArea(tx, scope, place.areaId)
  if (place.parentId) await demandAsset(tx, scope, place.parentId)
  if (place.siteId) await demandSite(tx, scope, place.siteId)
  if (place.contractId) await demandContract(tx, scope, place.contractId)
}

/**
 * What is bound under these names now ends by binding them anew, so it must be the actor's too.
 */
export async function demandBindable(
  tx: Tx,
  scope: Scope,
  binding: { agentId: string; unit: string; part: string; assetId: string },
): Promise<void> {
  await demandAsset(tx, scope, binding.assetId)
  await demandAsset(tx, scope, binding.agentId)
  const current = await tx
    .selectFrom('bindings')
    .select('assetId')
    .where('agentId', '=', binding.agentId)
    .where('unit', '=', binding.unit)
    .where('part', '=', binding.part)
    .where('toAt', 'is', null)
    .executeTakeFirst()
  if (current) await demandAsset(tx, scope, current.assetId)
}

/**
 * A device that is fitted somewhere is taken from there by fitting it: not out of a place that the
 * actor may not change. Throws resource.conflict.
 */
export async function demandDevice(
  tx: Tx,
  scope: Scope,
  device: { serial: string; contractId: string | null },
): Promise<void> {
  if (device.contractId) await demandContract(tx, scope, device.contractId)
  const elsewhere = await tx
    .selectFrom('equipment')
    .innerJoin('fittings', 'fittings.equipmentId', 'equipment.id')
    .innerJoin('assets', 'assets.id', 'fittings.assetId')
    .select('assets.id')
    .where('equipment.serial', '=', device.serial)
    .where('fittings.removedAt', 'is', null)
    .where((eb) => eb.not(areaInScope(eb, scope, 'assets.areaId', 'assets.contractId')))
    .executeTakeFirst()
  if (!elsewhere) return
  throw new Problem(
    'resource.conflict',
    'a device with this serial number is fitted elsewhere; check the number, or have it removed there',
  )
}
