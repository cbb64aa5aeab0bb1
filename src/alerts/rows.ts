import { type BulkTable, bulkInsert, bulkUpsert, inTexts } from '../db/bulk.ts'
import { dialectOf } from '../db/columns.ts'
import { type AnyTx, type Tx as TxOf, withTables } from '../db/database.ts'
import type { RegisterTables } from '../register/schema.ts'
import { type Candidate, causeCodes } from './correlation.ts'
import { reopenWithinMs } from './lifecycle.ts'
import type { AlertsTables } from './schema.ts'

/** Reads and writes of the alert book, each one statement for a whole batch. */
export type AlertRow = AlertsTables['alerts']
export type HistoryRow = AlertsTables['alertHistory']
export type AssetFacts = {
  id: string
  lifecycle: string
  parentId: string | null
  siteId: string | null
}
export type Reach = { agentIds: readonly string[]; assetIds: readonly string[]; from: number }

type Tx = TxOf<AlertsTables & RegisterTables>
const tablesOf = (tx: AnyTx): Tx => withTables<AlertsTables & RegisterTables>(tx)

const alertColumns: BulkTable['columns'] = {
  id: 'text',
  asset_id: 'text',
  part: 'text',
  code: 'text',
  agent_id: 'text',
  unit: 'text',
  unit_part: 'text',
  severity: 'text',
  state: 'text',
  active: 'integer',
  since: 'bigint',
  opened_at: 'bigint',
  acknowledged_at: 'bigint',
  acknowledged_by: 'text',
  resolved_at: 'bigint',
  reopened: 'integer',
  cause_id: 'text',
  raw: 'text',
  note: 'text',
  late: 'integer',
}
const alertTable: BulkTable = { table: 'alerts', columns: alertColumns, key: ['id'] }
const historyTable = {
  table: 'alert_history',
  columns: { id: 'text', alert_id: 'text', at: 'bigint', what: 'text', by: 'text', note: 'text' },
} as const

const toValues = (row: AlertRow): (string | number | null)[] => [
  row.id,
  row.assetId,
  row.part,
  row.code,
  row.agentId,
  row.unit,
  row.unitPart,
  row.severity,
  row.state,
  row.active,
  row.since,
  row.openedAt,
  row.acknowledgedAt,
  row.acknowledgedBy,
  row.resolvedAt,
  row.reopened,
  row.causeId,
  row.raw,
  row.note,
  row.late,
]

/**
 * Alerts that are open, or ended so lately that they may be reopened, of these agents and assets.
 * They are written back whole, so no one else may write them meanwhile: where rows can be locked
 * they are.
 */
export async function readAlerts(
  anyTx: AnyTx,
  { agentIds, assetIds, from }: Reach,
): Promise<AlertRow[]> {
  const tx = tablesOf(anyTx)
  return tx
    .selectFrom('alerts')
    .selectAll()
    .$if(dialectOf(tx) === 'postgres', (query) => query.forUpdate())
    .where('late', '=', 0)
    .where((eb) =>
      eb.or([
        eb.and([inTexts(tx, 'agentId', agentIds), eb('state', '!=', 'resolved')]),
        eb.and([
          inTexts(tx, 'assetId', assetIds),
          eb.or([eb('state', '!=', 'resolved'), eb('resolvedAt', '>=', from - reopenWithinMs)]),
        ]),
      ]),
    )
    .orderBy('openedAt')
    .orderBy('id')
    .execute()
}

export async function readAssets(anyTx: AnyTx, assetIds: readonly string[]): Promise<AssetFacts[]> {
  const tx = tablesOf(anyTx)
  return tx
    .selectFrom('assets')
    .select(['id', 'lifecycle', 'parentId', 'siteId'])
    .where(inTexts(tx, 'id', assetIds))
    .execute()
}

const readByIds = (anyTx: AnyTx, ids: readonly string[]): Promise<AlertRow[]> => {
  const tx = tablesOf(anyTx)
  return tx
    .selectFrom('alerts')
    .selectAll()
    .where(inTexts(tx, 'id', ids))
    .execute()
}

/** Changed rows first: what ended must leave its key before the next one takes it. */
export async function writeAlerts(
  tx: AnyTx,
  changed: readonly AlertRow[],
  added: readonly AlertRow[],
): Promise<void> {
  await bulkUpsert(tx, alertTable, changed.map(toValues))
  await bulkInsert(tx, alertTable, added.map(toValues))
}

export const writeHistory = (tx: AnyTx, entries: readonly HistoryRow[]): Promise<void> =>
  bulkInsert(
    tx,
    historyTable,
    entries.map(({ id, alertId, at, what, by, note }) => [id, alertId, at, what, by, note]),
  )

const pick = (values: (string | null)[]): string[] => [
  ...new Set(values.filter((value) => value !== null)),
]

const openAlerts = (tx: Tx) =>
  tx
    .selectFrom('alerts')
    .innerJoin('assets', 'assets.id', 'alerts.assetId')
    .select([
      'alerts.id',
      'alerts.code',
      'alerts.assetId',
      'assets.parentId',
      'alerts.agentId',
      'assets.siteId',
      'alerts.since',
      'alerts.causeId',
    ])
    .where('alerts.state', '!=', 'resolved')

/**
 * Open alerts of the same agents, sites, parents and children as these assets, and those that
 * stand under one of these alerts.
 */
export async function readNeighbours(
  anyTx: AnyTx,
  near: readonly (AssetFacts & { agentId: string; alertId: string })[],
): Promise<Candidate[]> {
  const tx = tablesOf(anyTx)
  const assets = pick(near.map((one) => one.id))
  const parents = pick(near.map((one) => one.parentId))
  return openAlerts(tx)
    .where((eb) =>
      eb.or([
        inTexts(tx, 'alerts.assetId', [...assets, ...parents]),
        inTexts(tx, 'assets.parentId', assets),
        inTexts(tx, 'alerts.agentId', pick(near.map((one) => one.agentId))),
        inTexts(tx, 'assets.siteId', pick(near.map((one) => one.siteId))),
        inTexts(
          tx,
          'alerts.causeId',
          near.map((one) => one.alertId),
        ),
      ]),
    )
    .execute()
}

/** Open alerts that may explain one of these. */
export async function readCauses(
  anyTx: AnyTx,
  children: readonly Candidate[],
): Promise<Candidate[]> {
  if (children.length === 0) return []
  const tx = tablesOf(anyTx)
  const assets = children.flatMap((one) => [one.assetId, one.parentId])
  return openAlerts(tx)
    .where('alerts.code', 'in', causeCodes)
    .where((eb) =>
      eb.or([
        inTexts(tx, 'alerts.assetId', pick(assets)),
        inTexts(tx, 'alerts.agentId', pick(children.map((one) => one.agentId))),
        inTexts(tx, 'assets.siteId', pick(children.map((one) => one.siteId))),
      ]),
    )
    .execute()
}

/** Moves alerts under other causes and returns them as they are now; touches nothing else of them. */
export async function moveAlerts(
  anyTx: AnyTx,
  moves: readonly { id: string; causeId: string | null }[],
): Promise<AlertRow[]> {
  const tx = tablesOf(anyTx)
  for (const [causeId, group] of Map.groupBy(moves, (move) => move.causeId)) {
    const ids = group.map((move) => move.id)
    await tx
      .updateTable('alerts')
      .set({ causeId })
      .where(inTexts(tx, 'id', ids))
      .execute()
  }
  return readByIds(
    tx,
    moves.map((move) => move.id),
  )
}
