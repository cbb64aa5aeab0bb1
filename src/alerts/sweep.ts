import { type Clock, seconds } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createLoop, type Loop } from '../core/loop.ts'
import type { AnyTx, Database, Tx as TxOf } from '../db/database.ts'
import { appendEvents } from '../db/events.ts'
import type { IngestTables } from '../ingest/schema.ts'
import type { RegisterTables } from '../register/schema.ts'
import { openBook } from './book.ts'
import type { AlertsTables } from './schema.ts'
import { commonKnowledge, type HubKnowledge, type Knowledge, silentBefore } from './silence.ts'

type Tables = AlertsTables & IngestTables & RegisterTables
type Tx = TxOf<Tables>

type Options = {
  db: Database<Tables>
  clock: Clock
  log: Log
  hubId: string
  /** This hub's own knowledge, fresher than its row. */
  own: () => HubKnowledge
}

const others = (tx: Tx, hubId: string): Promise<HubKnowledge[]> =>
  tx
    .selectFrom('journalCursors')
    .select(['watermark', 'listeningSince', 'aliveUntil'])
    .where('reader', '=', 'state')
    .where('hubId', '!=', hubId)
    .execute()

/** Agents that were heard once, are in service and have said nothing since `edge`. */
const newlySilent = (tx: Tx, edge: number) =>
  tx
    .selectFrom('intake')
    .innerJoin('assets', 'assets.id', 'intake.agentId')
    .select(['intake.agentId', 'intake.seenAt'])
    .where('intake.seenAt', '<', edge)
    .where('assets.lifecycle', '=', 'in-service')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('alerts')
            .select('alerts.id')
            .whereRef('alerts.assetId', '=', 'intake.agentId')
            .where('alerts.code', '=', 'agent-silent')
            .where('alerts.state', '!=', 'resolved'),
        ),
      ),
    )
    .limit(500)
    .execute()

const heardAgain = (tx: Tx, edge: number) =>
  tx
    .selectFrom('alerts')
    .innerJoin('intake', 'intake.agentId', 'alerts.assetId')
    .select(['alerts.assetId', 'intake.seenAt'])
    .where('alerts.code', '=', 'agent-silent')
    .where('alerts.state', '!=', 'resolved')
    .where('intake.seenAt', '>=', edge)
    .limit(500)
    .execute()

async function sweepOnce(tx: AnyTx & Tx, known: Knowledge): Promise<number> {
  const edge = silentBefore(known)
  if (edge === undefined) return 0
  const now = known.watermark
  const book = openBook(tx)
  for (const { agentId, seenAt } of await newlySilent(tx, edge)) {
    await book.seen(
      {
        assetId: agentId,
        part: '',
        code: 'agent-silent',
        agentId,
        unit: 'agent',
        unitPart: '',
        since: seenAt,
      },
      now,
    )
  }
  for (const { assetId } of await heardAgain(tx, edge)) {
    await book.ended({ assetId, part: '', code: 'agent-silent' }, now)
  }
  await book.correlate(now)
  if (book.events().length > 0) await appendEvents(tx, book.events(), now)
  return book.events().length
}

/** Looks each few seconds who has fallen silent and who is back. */
export function startSilenceSweep({
  db,
  clock,
  log,
  hubId,
  own,
}: Options): Loop & { once: () => Promise<void> } {
  const once = async () => {
    const hubs = await db.read((q) => others(q, hubId))
    const known = commonKnowledge([...hubs, own()], clock.now())
    if (!known) return
    const edge = silentBefore(known)
    if (edge === undefined) return
    // Most of the time there is nothing: look on a reader, and write only when there is.
    const [silent, back] = await db.read(async (q) => [
      await newlySilent(q, edge),
      await heardAgain(q, edge),
    ])
    if (silent.length + back.length > 0) await db.write((tx) => sweepOnce(tx, known))
  }
  const loop = createLoop({
    name: 'silence',
    clock,
    log,
    idleMs: seconds(10),
    turn: async () => {
      await once()
      return false
    },
  })
  return { ...loop, once }
}
