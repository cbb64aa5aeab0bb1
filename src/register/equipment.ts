import { newId } from '../core/ids.ts'
import type { Tx as AnyTx } from '../db/database.ts'
import { getAsset } from './assets.ts'
import type { RegisterTables } from './schema.ts'

type Tx = AnyTx<RegisterTables>
type Device = Omit<RegisterTables['equipment'], 'id' | 'createdAt'>

async function keepDevice(tx: Tx, device: Device, now: number): Promise<string> {
  const { serial, ...rest } = device
  const row = await tx
    .insertInto('equipment')
    .values({ id: newId(now), ...device, createdAt: now })
    .onConflict((oc) => oc.column('serial').doUpdateSet(rest))
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}

/**
 * Fits the device with this serial number in an asset at `now`. Whatever was fitted there leaves,
 * and the device leaves where it was; both stay in the history.
 */
export async function fitEquipment(
  tx: Tx,
  assetId: string,
  fit: { device: Device; now: number },
): Promise<string> {
  await getAsset(tx, assetId)
  const equipmentId = await keepDevice(tx, fit.device, fit.now)
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
