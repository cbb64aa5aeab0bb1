import { newId } from '../core/ids.ts'
import { Problem } from '../core/problem.ts'
import type { Tx as AnyTx } from '../db/database.ts'
import { getAsset } from './assets.ts'
import type { RegisterTables } from './schema.ts'

type Tx = AnyTx<RegisterTables>
type Device = Omit<RegisterTables['equipment'], 'id' | 'createdAt'>

/** What is not said of a known device stays as it is known. */
async function keepDevice(tx: Tx, device: Device, now: number): Promise<string> {
  const said = Object.fromEntries(Object.entries(device).filter(([, value]) => value !== null))
  const row = await tx
    .insertInto('equipment')
    .values({ id: newId(now), ...device, createdAt: now })
    .onConflict((oc) => oc.column('serial').doUpdateSet(said))
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}

/** A period does not end before it begins. */
async function demandOrder(tx: Tx, at: number, of: { assetId: string; equipmentId: string }) {
  const later = await tx
    .selectFrom('fittings')
    .select('id')
    .where((eb) => eb.or([eb('assetId', '=', of.assetId), eb('equipmentId', '=', of.equipmentId)]))
    .where((eb) => eb.or([eb('fittedAt', '>', at), eb('removedAt', '>', at)]))
    .executeTakeFirst()
  if (later)
    throw new Problem('resource.conflict', 'it was changed at a later moment; say when after that')
}

/**
 * Fits the device with this serial number in an asset at `now`. Whatever was fitted there leaves,
 * and the device leaves where it was; both stay in the history. Throws resource.conflict.
 */
export async function fitEquipment(
  tx: Tx,
  assetId: string,
  fit: { device: Device; now: number },
): Promise<string> {
  await getAsset(tx, assetId)
  const equipmentId = await keepDevice(tx, fit.device, fit.now)
  await demandOrder(tx, fit.now, { assetId, equipmentId })
  await tx
    .updateTable('fittings')
    .set({ removedAt: fit.now })
    .where('removedAt', 'is', null)
    .where((eb) => eb.or([eb('assetId', '=', assetId), eb('equipmentId', '=', equipmentId)]))
    .execute()
  await tx
    .insertInto('fittings')
    .values({ id: newId(fit.now), equipmentId, assetId, fittedAt: fit.now, removedAt: null })
    .execute()
  return equipmentId
}
