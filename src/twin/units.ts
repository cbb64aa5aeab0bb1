import { type Accepted, sampleAt } from '../contract/wire/accepted.ts'
import { type BulkTable, bulkUpsert, inTexts } from '../db/bulk.ts'
import { type AnyTx, type Tx as TxOf, withTables } from '../db/database.ts'
import { merge, type UnitState } from './merge.ts'
import type { TwinTables } from './schema.ts'

type Tx = TxOf<TwinTables>
type Telemetry = Accepted<'telemetry'>
type Row = TwinTables['twinUnits']

const isTelemetry = (message: Accepted): message is Telemetry => message.channel === 'telemetry'
const keyOf = (agentId: string, unit: string) => `${agentId}/${unit}`

const table: BulkTable = {
  table: 'twin_units',
  columns: {
    agent_id: 'text',
    unit: 'text',
    kind: 'text',
    at: 'bigint',
    received_at: 'bigint',
    parts: 'text',
  },
  key: ['agent_id', 'unit'],
}

async function loadUnits(tx: Tx, agentIds: readonly string[]): Promise<Map<string, UnitState>> {
  const rows = await tx
    .selectFrom('twinUnits')
    .selectAll()
    .where(inTexts(tx, 'agentId', agentIds))
    .execute()
  return new Map(
    rows.map((row) => [
      keyOf(row.agentId, row.unit),
      { kind: row.kind, at: row.at, parts: JSON.parse(row.parts) },
    ]),
  )
}

/**
 * Takes telemetry into the twin, in the reader's transaction: a batch reads its units at once and
 * writes each changed one once.
 */
export async function applyTelemetry(anyTx: AnyTx, messages: readonly Accepted[]): Promise<void> {
  const telemetry = messages.filter(isTelemetry)
  if (telemetry.length === 0) return
  const tx = withTables<TwinTables>(anyTx)
  const agentIds = [...new Set(telemetry.map((message) => message.agentId))]
  const units = await loadUnits(tx, agentIds)
  const changed = new Map<string, Omit<Row, 'parts'>>()
  for (const { agentId, body, at, receivedAt } of telemetry) {
    for (const sample of body.samples) {
      const key = keyOf(agentId, sample.unit)
      const before = units.get(key)
      const after = merge(before, sample, sampleAt(sample.at, body, at))
      if (after === before) continue
      units.set(key, after)
      const { kind, at: measuredAt } = after
      changed.set(key, { agentId, unit: sample.unit, kind, at: measuredAt, receivedAt })
    }
  }
  const rows = [...changed].map(([key, { agentId, unit, kind, at, receivedAt }]) => [
    agentId,
    unit,
    kind,
    at,
    receivedAt,
    JSON.stringify(units.get(key)?.parts ?? {}),
  ])
  await bulkUpsert(tx, table, rows)
}
