import { openBook } from '../alerts/book.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { Loop } from '../core/loop.ts'
import type { AnyTx, Database } from '../db/database.ts'
import { withTables } from '../db/database.ts'
import { createConsumer, type EventRow } from '../db/events.ts'
import type { PlanPlace } from '../lighting/compile.ts'
import { createPublisher, planEvents } from '../lighting/publish.ts'
import { noticeOf } from '../notify/decide.ts'
import { planDeliveries } from '../notify/plan-deliveries.ts'
import { isJudged } from '../register/lifecycle.ts'
import type { RegisterTables } from '../register/schema.ts'
import type { HubTables } from './database.ts'

/** Alerts of what left service end; read anew, for an event may be old when it is consumed. */
async function closeLeftService(
  tx: AnyTx,
  events: readonly EventRow[],
  now: number,
): Promise<void> {
  const ids = events.map((event) => event.subject)
  const rows = await withTables<RegisterTables>(tx)
    .selectFrom('assets')
    .select(['id', 'lifecycle'])
    .where((eb) => eb.or([eb('id', 'in', ids), eb('parentId', 'in', ids)]))
    .execute()
  const left = rows.filter((row) => !isJudged(row.lifecycle)).map((row) => row.id)
  const book = await openBook(tx, { agentIds: [], assetIds: left, from: now })
  for (const row of book.openOn(left)) book.ended(row, now, { note: 'left service' })
  await book.close(now)
}

/** The durable readers of the event table, each with its own cursor. */
export function startConsumers(options: {
  db: Database<HubTables>
  clock: Clock
  log: Log
  place: PlanPlace
}): Loop[] {
  const { db, clock, log } = options
  const publish = createPublisher(options.place, clock.now)
  const common = { db, clock, log }
  return [
    createConsumer({ ...common, name: 'lighting', kinds: planEvents, handle: publish }),
    createConsumer({
      ...common,
      name: 'notify',
      kinds: Object.keys(noticeOf),
      handle: planDeliveries,
    }),
    createConsumer({
      ...common,
      name: 'lifecycle',
      kinds: ['asset.lifecycle'],
      handle: (tx, events) => closeLeftService(tx, events, clock.now()),
    }),
  ]
}
