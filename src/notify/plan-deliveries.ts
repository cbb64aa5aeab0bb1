import type { AlertsTables } from '../alerts/schema.ts'
import type { AreasTables } from '../areas/schema.ts'
import { newId } from '../core/ids.ts'
import { type AnyTx, type Tx as TxOf, withTables } from '../db/database.ts'
import type { EventRow } from '../db/events.ts'
import type { Severity } from '../faults/catalogue.ts'
import type { RegisterTables } from '../register/schema.ts'
import { groupWaitMs, isWanted, noticeOf } from './decide.ts'
import type { NotifyTables } from './schema.ts'

type Tx = TxOf<NotifyTables & AlertsTables & RegisterTables & AreasTables>

/** Enabled targets whose area holds the asset, or that have no area. */
const targetsFor = (tx: Tx, assetId: string) =>
  tx
    .selectFrom('notifyTargets')
    .select(['notifyTargets.id', 'minSeverity'])
    .where('enabled', '=', 1)
    .where((eb) =>
      eb.or([
        eb('notifyTargets.areaId', 'is', null),
        eb.exists(
          eb
            .selectFrom('assets')
            .innerJoin('areaClosure', 'areaClosure.areaId', 'assets.areaId')
            .select('assets.id')
            .where('assets.id', '=', assetId)
            .whereRef('areaClosure.ancestorId', '=', 'notifyTargets.areaId'),
        ),
      ]),
    )
    .execute()

/**
 * The consumer's work: one delivery row for each (event, target), in the consumer's transaction.
 * Whether it is still true is asked again when it is due.
 */
export async function planDeliveries(anyTx: AnyTx, events: readonly EventRow[]): Promise<void> {
  const tx = withTables<NotifyTables & AlertsTables & RegisterTables & AreasTables>(anyTx)
  for (const event of events) {
    const kind = noticeOf[event.kind]
    const assetId = event.data['assetId']
    const severity = event.data['severity'] as Severity
    if (!kind || typeof assetId !== 'string') continue
    const targets = await targetsFor(tx, assetId)
    const rows = targets
      .filter((target) => isWanted(severity, target.minSeverity as Severity))
      .map((target) => ({
        id: newId(event.at),
        eventSeq: event.seq,
        targetId: target.id,
        alertId: event.subject,
        kind,
        state: 'waiting',
        attempts: 0,
        nextAt: event.at + groupWaitMs,
        lastError: null,
        createdAt: event.at,
        sentAt: null,
      }))
    if (rows.length === 0) continue
    await tx
      .insertInto('deliveries')
      .values(rows)
      .onConflict((oc) => oc.columns(['eventSeq', 'targetId']).doNothing())
      .execute()
  }
}
