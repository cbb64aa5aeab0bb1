import type { AssetKind } from '../contract/api/register.ts'
import { inChunks } from '../db/chunks.ts'
import type { Tx as TxOf } from '../db/database.ts'
import { isWorse, type Severity } from '../faults/catalogue.ts'
import type { PartState } from '../twin/merge.ts'
import { healthOf } from './health.ts'
import type { ViewTables } from './tables.ts'

type Tx = TxOf<ViewTables>
type OpenAlert = { assetId: string; code: string; severity: Severity }
type Binding = {
  agentId: string
  unit: string
  part: string
  assetId: string
  assetPart: string
  fromAt: number
}

/** What stands around a page of assets, read at once. */
export type Around = {
  alerts: Map<string, OpenAlert[]>
  bindings: Map<string, Binding[]>
  silent: Set<string>
  units: Map<string, Record<string, PartState>>
}

const chunked = async <T>(ids: readonly string[], work: (ids: string[]) => Promise<T[]>) =>
  (await inChunks([...new Set(ids)], work)).flat()

/** Reads open alerts, bindings, silence and twins of these assets. */
export async function readAround(tx: Tx, assetIds: readonly string[]): Promise<Around> {
  const alerts = await chunked(assetIds, (ids) =>
    tx
      .selectFrom('alerts')
      .select(['assetId', 'code', 'severity'])
      .where('assetId', 'in', ids)
      .where('state', '!=', 'resolved')
      .execute(),
  )
  const bindings = await chunked(assetIds, (ids) =>
    tx
      .selectFrom('bindings')
      .select(['agentId', 'unit', 'part', 'assetId', 'assetPart', 'fromAt'])
      .where('assetId', 'in', ids)
      .where('toAt', 'is', null)
      .execute(),
  )
  const agentIds = bindings.map((binding) => binding.agentId)
  const silent = await chunked(agentIds, (ids) =>
    tx
      .selectFrom('alerts')
      .select('assetId')
      .where('assetId', 'in', ids)
      .where('code', '=', 'agent-silent')
      .where('state', '!=', 'resolved')
      .execute(),
  )
  const units = await chunked(agentIds, (ids) =>
    tx
      .selectFrom('twinUnits')
      .select(['agentId', 'unit', 'parts'])
      .where('agentId', 'in', ids)
      .execute(),
  )
  const worstFirst = alerts
    .map((row) => ({ ...row, severity: row.severity as Severity }))
    .sort((a, b) => (isWorse(a.severity, b.severity) ? -1 : 1))
  return {
    alerts: Map.groupBy(worstFirst, (row) => row.assetId),
    bindings: Map.groupBy(bindings, (row) => row.assetId),
    silent: new Set(silent.map((row) => row.assetId)),
    units: new Map(units.map((row) => [`${row.agentId}/${row.unit}`, JSON.parse(row.parts)])),
  }
}

/** The state of the part that the asset itself is bound to. */
export function mainState(around: Around, assetId: string): PartState | undefined {
  const binding = around.bindings.get(assetId)?.[0]
  return binding && around.units.get(`${binding.agentId}/${binding.unit}`)?.[binding.part]
}

/** Health, worst severity, number of open alerts and age of one asset. */
export function standing(around: Around, asset: { id: string; kind: AssetKind }) {
  const alerts = around.alerts.get(asset.id) ?? []
  const binding = around.bindings.get(asset.id)?.[0]
  const state = mainState(around, asset.id)
  const { health, reason } = healthOf({
    kind: asset.kind,
    alerts: alerts.map((alert) => alert.code),
    bound: binding !== undefined,
    agentSilent: binding !== undefined && around.silent.has(binding.agentId),
    state,
  })
  return {
    health,
    healthReason: reason,
    worstSeverity: alerts[0]?.severity ?? null,
    openAlerts: alerts.length,
    reportedAt: state ? new Date(state.at).toISOString() : null,
  }
}
