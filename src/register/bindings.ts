import { newId } from '../core/ids.ts'
import { Problem } from '../core/problem.ts'
import type { Tx as AnyTx, Database } from '../db/database.ts'
import { type BindingIndex, type Bound, indexBindings } from './binding-index.ts'
import type { RegisterTables } from './schema.ts'

type Tx = AnyTx<RegisterTables>
export type NewBinding = {
  agentId: string
  unit: string
  part: string
  assetId: string
  assetPart: string
}

/** One name means one asset at any moment: a new period begins after every earlier one. */
async function demandFree(tx: Tx, binding: NewBinding, from: number): Promise<void> {
  const later = await tx
    .selectFrom('bindings')
    .select('id')
    .where('agentId', '=', binding.agentId)
    .where('unit', '=', binding.unit)
    .where('part', '=', binding.part)
    .where((eb) => eb.or([eb('fromAt', '>', from), eb('toAt', '>', from)]))
    .executeTakeFirst()
  if (!later) return
  throw new Problem(
    'register.binding-overlap',
    'these names are bound to something at a later moment; bind from then on',
  )
}

/** Ends what is bound under these names, and binds them anew, at `now`; history stays. */
export async function bind(tx: Tx, binding: NewBinding, now: number): Promise<string> {
  const { agentId, unit, part } = binding
  const current = await tx
    .selectFrom('bindings')
    .select(['id', 'assetId', 'assetPart', 'fromAt'])
    .where('agentId', '=', agentId)
    .where('unit', '=', unit)
    .where('part', '=', part)
    .where('toAt', 'is', null)
    .executeTakeFirst()
  if (current?.assetId === binding.assetId && current.assetPart === binding.assetPart) {
    return current.id
  }
  await demandFree(tx, binding, now)
  if (current) {
    await tx.updateTable('bindings').set({ toAt: now }).where('id', '=', current.id).execute()
  }
  const id = newId(now)
  await tx
    .insertInto('bindings')
    .values({ id, ...binding, fromAt: now, toAt: null })
    .execute()
  return id
}

/** Ends a binding at `now`. Throws register.not-found. */
export async function unbind(tx: Tx, id: string, now: number): Promise<void> {
  const ended = await tx
    .updateTable('bindings')
    .set({ toAt: now })
    .where('id', '=', id)
    .where('toAt', 'is', null)
    .executeTakeFirst()
  if (Number(ended.numUpdatedRows) === 0) {
    throw new Problem('register.not-found', 'there is no such binding, or it has ended')
  }
}

export type Bindings = {
  resolve: (agentId: string, unit: string, part: string, at: number) => Bound | undefined
  assetsOf: (agentId: string) => string[]
  /** Reads the table again; called when an event says that bindings changed. */
  refresh: () => Promise<void>
}

/** The index in memory; `refresh` before the first use. */
export function createBindings(db: Database<RegisterTables>): Bindings {
  let index: BindingIndex = indexBindings([])
  return {
    resolve: (agentId, unit, part, moment) => index.resolve(agentId, unit, part, moment),
    assetsOf: (agentId) => index.assetsOf(agentId),
    refresh: async () => {
      const rows = await db.read((q) =>
        q
          .selectFrom('bindings')
          .select(['agentId', 'unit', 'part', 'assetId', 'assetPart', 'fromAt', 'toAt'])
          .execute(),
      )
      index = indexBindings(rows)
    },
  }
}
