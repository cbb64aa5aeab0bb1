import { type Clock, seconds } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createLoop, type Loop } from '../core/loop.ts'
import type { Database, Tx as TxOf } from '../db/database.ts'
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

/** Several turns of the sweep. */
const longestGapMs = seconds(60)

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

async function sweepOnce(tx: Tx, known: Knowledge): Promise<void> {
  const edge = silentBefore(known)
  if (edge === undefined) return
  const now = known.watermark
  const silent = await newlySilent(tx, edge)
  const back = await heardAgain(tx, edge)
  const assetIds = [...silent.map((one) => one.agentId), ...back.map((one) => one.assetId)]
  const book = await openBook(tx, { agentIds: assetIds, assetIds, from: now })
  for (const { agentId, seenAt } of silent) {
    const own = { assetId: agentId, part: '', agentId, unit: 'agent', unitPart: '' }
    book.seen({ ...own, code: 'agent-silent', since: seenAt }, now)
    // What it judged nobody sees now: it stays open, and a person may close it.
    for (const row of book.openOf(agentId)) if (row.code !== 'agent-silent') book.lostSight(row)
  }
  for (const { assetId } of back) {
    const open = book.openOf(assetId).find((row) => row.code === 'agent-silent')
    if (open) book.ended(open, now)
  }
  await book.close(now)
}

/** Looks each few seconds who has fallen silent and who is back. */
export function startSilenceSweep({
  db,
  clock,
  log,
  hubId,
  own,
}: Options): Loop & { once: () => Promise<void> } {
  let lastAt = clock.now()
  let heardFrom = 0
  const once = async () => {
    // A machine that slept, or a loop that stood still, could not hear either.
    const now = clock.now()
    if (now - lastAt > longestGapMs) heardFrom = now
    lastAt = now
    const hubs = await db.read((q) => others(q, hubId))
    const common = commonKnowledge([...hubs, own()], now)
    if (!common) return
    const known = { ...common, listeningSince: Math.max(common.listeningSince, heardFrom) }
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
