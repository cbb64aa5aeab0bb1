import { type Accepted, sampleAt } from '../contract/wire/accepted.ts'
import { inChunks } from '../db/chunks.ts'
import { type AnyTx, type Tx as TxOf, withTables } from '../db/database.ts'
import { merge, type UnitState } from './merge.ts'
import type { TwinTables } from './schema.ts'

type Tx = TxOf<TwinTables>
type Telemetry = Accepted<'telemetry'>
type Row = TwinTables['twinUnits']

const isTelemetry = (message: Accepted): message is Telemetry => message.channel === 'telemetry'
const keyOf = (agentId: string, unit: string) => `${agentId}/${unit}`

async function loadUnits(tx: Tx, agentIds: readonly string[]): Promise<Map<string, UnitState>> {
  const pages = await inChunks(agentIds, (ids) =>
    tx.selectFrom('twinUnits').selectAll().where('agentId', 'in', ids).execute(),
  )
  return new Map(
    pages
      .flat()
      .map((row) => [
        keyOf(row.agentId, row.unit),
        { kind: row.kind, at: row.at, parts: JSON.parse(row.parts) },
      ]),
  )
}

const saveUnits = (tx: Tx, rows: readonly Row[]) =>
  inChunks(rows, (chunk) =>
    tx
      .insertInto('twinUnits')
      .values(chunk)
      .onConflict((oc) =>
        oc.columns(['agentId', 'unit']).doUpdateSet((eb) => ({
          kind: eb.ref('excluded.kind'),
          at: eb.ref('excluded.at'),
          receivedAt: eb.ref('excluded.receivedAt'),
          parts: eb.ref('excluded.parts'),
        })),
      )
      .execute(),
  )

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
  const changed = new Map<string, Row>()
  for (const { agentId, body, at, receivedAt } of telemetry) {
    for (const sample of body.samples) {
      const key = keyOf(agentId, sample.unit)
      const before = units.get(key)
      const after = merge(before, sample, sampleAt(sample.at, body, at))
      if (after === before) continue
      units.set(key, after)
      const { kind, at: measuredAt } = after
      changed.set(key, { agentId, unit: sample.unit, kind, at: measuredAt, receivedAt, parts: '' })
    }
  }
  const rows = [...changed].map(([key, row]) => ({
    ...row,
    parts: JSON.stringify(units.get(key)?.parts ?? {}),
  }))
  rows.sort((a, b) => (keyOf(a.agentId, a.unit) < keyOf(b.agentId, b.unit) ? -1 : 1))
  await saveUnits(tx, rows)
}
