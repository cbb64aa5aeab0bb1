import type { AlertsTables } from '../alerts/schema.ts'
import type { AreasTables } from '../areas/schema.ts'
import { newId } from '../core/ids.ts'
import { inTexts } from '../db/bulk.ts'
import { inChunks } from '../db/chunks.ts'
import { type AnyTx, type Tx as TxOf, withTables } from '../db/database.ts'
import type { EventRow } from '../db/events.ts'
import type { Severity } from '../faults/catalogue.ts'
import type { RegisterTables } from '../register/schema.ts'
import { isWanted, noticeOf, waitMsOf } from './decide.ts'
import type { NotifyTables } from './schema.ts'

type Tx = TxOf<NotifyTables & AlertsTables & RegisterTables & AreasTables>

type Target = { id: string; areaId: string | null; minSeverity: Severity }

const enabledTargets = async (tx: Tx): Promise<Target[]> => {
  const rows = await tx
    .selectFrom('notifyTargets')
    .select(['id', 'areaId', 'minSeverity'])
    .where('enabled', '=', 1)
    .execute()
  return rows.map((row) => ({ ...row, minSeverity: row.minSeverity as Severity }))
}

/** Every area around each of these assets, by today's tree. */
async function areasAround(tx: Tx, assetIds: readonly string[]): Promise<Map<string, Set<string>>> {
  const rows = await tx
    .selectFrom('assets')
    .innerJoin('areaClosure', 'areaClosure.areaId', 'assets.areaId')
    .select(['assets.id', 'areaClosure.ancestorId'])
    .where(inTexts(tx, 'assets.id', assetIds))
    .execute()
  const around = new Map<string, Set<string>>()
  for (const { id, ancestorId } of rows) {
    around.set(id, (around.get(id) ?? new Set()).add(ancestorId))
  }
  return around
}

const assetOf = (event: EventRow): string => String(event.data['assetId'] ?? '')

function deliveriesOf(event: EventRow, targets: readonly Target[], areas: ReadonlySet<string>) {
  const kind = noticeOf[event.kind]
  const severity = event.data['severity'] as Severity
  if (!kind) return []
  return targets
    .filter((target) => target.areaId === null || areas.has(target.areaId))
    .filter((target) => isWanted(severity, target.minSeverity))
    .map((target) => ({
      id: newId(event.at),
      eventSeq: event.seq,
      targetId: target.id,
      alertId: event.subject,
      kind,
      state: 'waiting',
      attempts: 0,
      nextAt: event.at + waitMsOf(event.kind),
      lastError: null,
      createdAt: event.at,
      sentAt: null,
    }))
}

/**
 * The consumer's work: one delivery row for each (event, target), in the consumer's transaction.
 * Whether it is still true is asked again when it is due.
 */
export async function planDeliveries(anyTx: AnyTx, events: readonly EventRow[]): Promise<void> {
  const tx = withTables<NotifyTables & AlertsTables & RegisterTables & AreasTables>(anyTx)
  const targets = await enabledTargets(tx)
  if (targets.length === 0) return
  const around = await areasAround(tx, [...new Set(events.map(assetOf))])
  const rows = events.flatMap((event) =>
    deliveriesOf(event, targets, around.get(assetOf(event)) ?? new Set()),
  )
  await inChunks(rows, (chunk) =>
    tx
      .insertInto('deliveries')
      .values(chunk)
      .onConflict((oc) => oc.columns(['eventSeq', 'targetId']).doNothing())
      .execute(),
  )
}
