/**
 * What people answer for. Promises: an asset outlives its device (equipment, bindings change, the
 * asset and its history stay); every lifecycle step is kept with its time. Never deletes an asset.
 */
import { areaInScope } from '../areas/scope.ts'
import type { AssetKind, Lifecycle, NewAsset } from '../contract/api/register.ts'
import { newId } from '../core/ids.ts'
import { Problem } from '../core/problem.ts'
import { inChunks } from '../db/chunks.ts'
import { type AnyTx, type Tx as TxOf, withTables } from '../db/database.ts'
import type { Scope } from '../http/actor.ts'
import { mayStep } from './lifecycle.ts'
import type { RegisterTables } from './schema.ts'
import { toSought } from './search-text.ts'

type Tx = TxOf<RegisterTables>
export type AssetRow = RegisterTables['assets']

type AnyKindAsset = Omit<NewAsset, 'kind' | 'id'> & { kind: AssetKind; id?: string | undefined }

export async function getAsset(tx: AnyTx, id: string): Promise<AssetRow> {
  const asset = await withTables<RegisterTables>(tx)
    .selectFrom('assets')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  if (!asset) throw new Problem('register.not-found', `there is no asset ${id}`)
  return asset
}

async function openLifecycle(
  tx: Tx,
  row: { assetId: string; state: string; reason: string },
  now: number,
) {
  await tx
    .insertInto('assetLifecycles')
    .values({ id: newId(now), ...row, fromAt: now, toAt: null })
    .execute()
}

/** Adds an asset and opens its lifecycle. Throws resource.conflict when the id is taken. */
export async function addAsset(tx: Tx, asset: AnyKindAsset, now: number): Promise<string> {
  const id = asset.id ?? newId(now)
  const added = await tx
    .insertInto('assets')
    .values({
      id,
      kind: asset.kind,
      name: asset.name,
      areaId: asset.areaId,
      siteId: asset.siteId,
      parentId: asset.parentId,
      ownerId: null,
      contractId: asset.contractId,
      lifecycle: asset.lifecycle,
      lat: asset.lat,
      lon: asset.lon,
      critical: asset.critical ? 1 : 0,
      targets: '{}',
      createdAt: now,
      sought: toSought(asset.name),
    })
    .onConflict((oc) => oc.column('id').doNothing())
    .executeTakeFirst()
  if (Number(added.numInsertedOrUpdatedRows ?? 0) === 0) {
    throw new Problem('resource.conflict', `there is an asset ${id} already`)
  }
  await openLifecycle(tx, { assetId: id, state: asset.lifecycle, reason: 'added' }, now)
  return id
}

type AssetChange = {
  name?: string | undefined
  areaId?: string | undefined
  siteId?: string | null | undefined
  contractId?: string | null | undefined
  lat?: number | null | undefined
  lon?: number | null | undefined
  critical?: boolean | undefined
}

/** Changes what is given; undefined leaves as it is. */
export async function changeAsset(tx: Tx, id: string, change: AssetChange): Promise<void> {
  await getAsset(tx, id)
  const { critical, name, ...rest } = change
  const set = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  await tx
    .updateTable('assets')
    .set({
      ...set,
      ...(name === undefined ? {} : { name, sought: toSought(name) }),
      ...(critical === undefined ? {} : { critical: critical ? 1 : 0 }),
      id,
    })
    .where('id', '=', id)
    .execute()
}

async function stepOne(
  tx: Tx,
  asset: AssetRow,
  step: { to: Lifecycle; reason: string },
  now: number,
) {
  await tx
    .updateTable('assetLifecycles')
    .set({ toAt: now })
    .where('assetId', '=', asset.id)
    .where('toAt', 'is', null)
    .execute()
  await openLifecycle(tx, { assetId: asset.id, state: step.to, reason: step.reason }, now)
  await tx.updateTable('assets').set({ lifecycle: step.to }).where('id', '=', asset.id).execute()
}

/** What hangs below an asset, however deep, as far as the actor may change it. */
async function below(tx: Tx, ids: readonly string[], scope: Scope): Promise<AssetRow[]> {
  const children = await inChunks(ids, (some) =>
    tx
      .selectFrom('assets')
      .selectAll()
      .where('parentId', 'in', some)
      .where((eb) => areaInScope(eb, scope, 'assets.areaId', 'assets.contractId'))
      .execute(),
  )
  const found = children.flat()
  if (found.length === 0) return []
  const deeper = await below(
    tx,
    found.map((child) => child.id),
    scope,
  )
  return [...found, ...deeper]
}

/**
 * Takes an asset, and what hangs below it inside the scope where the same step is legal, to another
 * lifecycle state. Returns the ids that moved. Throws register.bad-lifecycle.
 */
export async function stepLifecycle(
  tx: Tx,
  id: string,
  step: { to: Lifecycle; reason: string; scope: Scope; now: number },
): Promise<string[]> {
  const asset = await getAsset(tx, id)
  if (!mayStep(asset.lifecycle as Lifecycle, step.to)) {
    throw new Problem(
      'register.bad-lifecycle',
      `from ${asset.lifecycle} there is no step to ${step.to}`,
    )
  }
  const children = await below(tx, [id], step.scope)
  const moving = [
    asset,
    ...children.filter((child) => mayStep(child.lifecycle as Lifecycle, step.to)),
  ]
  for (const one of moving) await stepOne(tx, one, step, step.now)
  return moving.map((one) => one.id)
}
