import { areaInScope } from '../areas/scope.ts'
import type { AssetDetail, AssetKind } from '../contract/api/register.ts'
import { measurementOf } from '../contract/wire/measures.ts'
import { Plan } from '../contract/wire/plan.ts'
import { Problem } from '../core/problem.ts'
import type { Tx as TxOf } from '../db/database.ts'
import type { Scope } from '../http/actor.ts'
import { circuitPlanOf, levelAt, nextTransitions, placeOf, why } from '../plan/level.ts'
import type { PartState } from '../twin/merge.ts'
import { type Around, readAround, standing } from './around.ts'
import { type AssetRowWithArea, toAssetBase, visibleAssets } from './asset-list.ts'
import type { ViewTables } from './tables.ts'

type Tx = TxOf<ViewTables>
const iso = (at: number) => new Date(at).toISOString()

/** Parts of its units that belong to this asset: its own, and those nobody else is bound to. */
async function partsOf(
  tx: Tx,
  around: Around,
  row: AssetRowWithArea,
): Promise<AssetDetail['parts']> {
  const parts: AssetDetail['parts'] = []
  for (const binding of around.bindings.get(row.id) ?? []) {
    const states = around.units.get(`${binding.agentId}/${binding.unit}`) ?? {}
    const taken = await tx
      .selectFrom('bindings')
      .select('part')
      .where('agentId', '=', binding.agentId)
      .where('unit', '=', binding.unit)
      .where('part', '!=', binding.part)
      .where('toAt', 'is', null)
      .execute()
    const others = new Set(taken.map((one) => one.part))
    for (const [part, state] of Object.entries(states)) {
      const isMine = binding.part === '' ? !others.has(part) : part === binding.part
      if (isMine)
        parts.push(toPart(row.kind, part, binding.part === '' ? part : binding.assetPart, state))
    }
  }
  return parts.sort((a, b) => a.part.localeCompare(b.part, 'en', { numeric: true }))
}

function toPart(kind: string, part: string, assetPart: string, state: PartState) {
  return {
    part: assetPart,
    measurement: measurementOf(kind, part) ?? kind,
    at: iso(state.at),
    values: state.values,
    reasons: state.reasons ?? {},
  }
}

async function lightingOf(
  tx: Tx,
  around: Around,
  row: AssetRowWithArea,
  now: number,
): Promise<AssetDetail['lighting']> {
  const binding = around.bindings.get(row.id)?.[0]
  if (row.kind !== 'circuit' || !binding) return null
  const section = await tx
    .selectFrom('twinSections')
    .selectAll()
    .where('agentId', '=', binding.agentId)
    .where('section', '=', 'plan')
    .executeTakeFirst()
  if (!section) return null
  const plan = Plan.parse(JSON.parse(section.body))
  const circuit = circuitPlanOf(plan, binding.unit, binding.part)
  if (!circuit) return null
  const place = placeOf(plan)
  const reason = why(circuit, place, now)
  return {
    level: levelAt(circuit, place, now),
    program: reason.program.name,
    ruleId: reason.ruleId ?? null,
    next: nextTransitions(circuit, place, now).map(({ at, level }) => ({ at: iso(at), level })),
    running:
      section.state === 'accepted'
        ? 'received'
        : section.state === 'refused'
          ? 'refused'
          : 'published',
    reason: section.reason,
  }
}

async function equipmentOf(tx: Tx, assetId: string): Promise<AssetDetail['equipment']> {
  const row = await tx
    .selectFrom('fittings')
    .innerJoin('equipment', 'equipment.id', 'fittings.equipmentId')
    .selectAll('equipment')
    .select('fittings.fittedAt')
    .where('fittings.assetId', '=', assetId)
    .where('fittings.removedAt', 'is', null)
    .executeTakeFirst()
  if (!row) return null
  const { id, serial, model, supplier, warrantyUntil, fittedAt } = row
  return { id, serial, model, supplier, warrantyUntil, fittedAt: iso(fittedAt) }
}

/** Everything about one asset. Throws register.not-found also for what lies outside the scope. */
export async function assetDetail(
  tx: Tx,
  scope: Scope,
  ask: { id: string; now: number },
): Promise<AssetDetail> {
  const row = await visibleAssets(tx, scope).where('assets.id', '=', ask.id).executeTakeFirst()
  if (!row) throw new Problem('register.not-found', `there is no asset ${ask.id}`)
  const children = await tx
    .selectFrom('assets')
    .select(['id', 'kind', 'name'])
    .where('parentId', '=', ask.id)
    .where('lifecycle', '!=', 'retired')
    .where((eb) => areaInScope(eb, scope, 'assets.areaId', 'assets.contractId'))
    .orderBy('name')
    .execute()
  const around = await readAround(tx, [ask.id, ...children.map((child) => child.id)])
  return {
    ...toAssetBase(row),
    ...standing(around, { id: row.id, kind: row.kind as AssetKind }),
    parts: await partsOf(tx, around, row),
    children: children.map((child) => {
      const kind = child.kind as AssetKind
      return {
        id: child.id,
        kind,
        name: child.name,
        health: standing(around, { id: child.id, kind }).health,
      }
    }),
    equipment: await equipmentOf(tx, ask.id),
    bindings: (around.bindings.get(ask.id) ?? []).map(
      ({ agentId, unit, part, assetPart, fromAt }) => ({
        agentId,
        unit,
        part,
        assetPart,
        from: iso(fromAt),
      }),
    ),
    lighting: await lightingOf(tx, around, row, ask.now),
  }
}
