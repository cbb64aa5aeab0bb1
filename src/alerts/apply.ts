import { type Accepted, sampleAt } from '../contract/wire/accepted.ts'
import type { ActiveCondition } from '../contract/wire/messages.ts'
import { type BulkTable, bulkUpsert, inTexts } from '../db/bulk.ts'
import { type AnyTx, withTables } from '../db/database.ts'
import { faults, isFaultCode } from '../faults/catalogue.ts'
import { type AlertBook, openBook, type SeenFault } from './book.ts'
import { reconcile } from './condition-set.ts'
import { keepLate, type LateFault } from './late.ts'
import type { Reach } from './rows.ts'
import type { AlertsTables } from './schema.ts'

type Resolve = (
  agentId: string,
  unit: string,
  part: string,
  at: number,
) => { assetId: string; part: string } | undefined

type ConditionsMessage = Accepted<'conditions'>

/** Only the code's one authority is listened to. */
const agentsSay = (one: { code: string }): boolean =>
  isFaultCode(one.code) && faults[one.code].authority === 'agent'

function toFault(
  message: ConditionsMessage,
  one: ActiveCondition,
  resolve: Resolve,
): SeenFault | undefined {
  const { agentId, at } = message
  const bound = resolve(agentId, one.unit, one.part, at)
  if (!bound) return undefined
  const { severity, raw, code, unit } = one
  const since = sampleAt(one.since, message.body, at)
  return { ...bound, code, agentId, unit, unitPart: one.part, since, severity, raw }
}

/** When the newest live set of each of these agents was made. */
async function lastSets(tx: AnyTx, agentIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await withTables<AlertsTables>(tx)
    .selectFrom('conditionSets')
    .selectAll()
    .where(inTexts(tx, 'agentId', agentIds))
    .execute()
  return new Map(rows.map((row) => [row.agentId, row.at]))
}

const setsTable: BulkTable = {
  table: 'condition_sets',
  columns: { agent_id: 'text', at: 'bigint' },
  key: ['agent_id'],
}

type Ports = { book: AlertBook; resolve: Resolve; last: Map<string, number> }

function applyLive(message: ConditionsMessage, { book, resolve, last }: Ports): void {
  const { agentId, body, at, receivedAt } = message
  if (at < (last.get(agentId) ?? 0)) return
  last.set(agentId, at)
  const active = body.active.filter(agentsSay)
  const assetOf = (unit: string, part: string) => resolve(agentId, unit, part, at)?.assetId
  const open = book.openOf(agentId).filter(agentsSay)
  const local = open.map((row) => ({
    row,
    unit: row.unit,
    part: row.unitPart,
    code: row.code,
    assetId: row.assetId,
  }))
  const { ended, unknown } = reconcile(local, { active, unknown: body.unknown }, assetOf)
  // Ended first: a rebound fault must leave its old asset before it stands on the new one.
  for (const { row } of ended) book.ended(row, receivedAt)
  for (const { row } of unknown) book.lostSight(row)
  const frozen = new Set(unknown.map(({ row }) => `${row.assetId}|${row.part}|${row.code}`))
  for (const one of active) {
    const fault = toFault(message, one, resolve)
    if (!fault || frozen.has(`${fault.assetId}|${fault.part}|${fault.code}`)) continue
    book.seen(fault, receivedAt)
  }
}

/** Everything the sets may touch, so that the book can be read at once. */
function reachOf(sets: readonly ConditionsMessage[], resolve: Resolve): Reach {
  const assetIds = new Set<string>()
  for (const message of sets) {
    for (const one of message.body.active) {
      const bound = resolve(message.agentId, one.unit, one.part, message.at)
      if (bound) assetIds.add(bound.assetId)
    }
  }
  const agentIds = [...new Set(sets.map((message) => message.agentId))]
  const from = Math.min(...sets.map((message) => message.receivedAt))
  return { agentIds, assetIds: [...assetIds], from }
}

/** A live set's own part: what it opens, keeps and ends. */
async function applyAllLive(
  tx: AnyTx,
  live: readonly ConditionsMessage[],
  resolve: Resolve,
): Promise<AlertBook | undefined> {
  if (live.length === 0) return undefined
  const reach = reachOf(live, resolve)
  const last = await lastSets(tx, reach.agentIds)
  const book = await openBook(tx, reach)
  for (const message of live) applyLive(message, { book, resolve, last })
  await bulkUpsert(tx, setsTable, [...last])
  return book
}

/** What sets of the backlog say, which are known only now. */
function lateFaults(messages: readonly ConditionsMessage[], resolve: Resolve): LateFault[] {
  return messages.flatMap((message) =>
    message.body.active.filter(agentsSay).flatMap((one) => {
      const fault = toFault(message, one, resolve)
      return fault ? [{ ...fault, seenAt: message.at }] : []
    }),
  )
}

/**
 * Turns condition sets into alerts, in the reader's transaction; the events are its last
 * statement. `resolve` maps local names to assets.
 */
export const createApplyConditions =
  (resolve: Resolve) =>
  async (tx: AnyTx, messages: readonly Accepted[]): Promise<void> => {
    const sets = messages.filter((message) => message.channel === 'conditions')
    const live = sets.filter((message) => !message.late)
    const book = await applyAllLive(tx, live, resolve)
    // Live first, in a batch too: a fault that is open now is not history.
    const late = lateFaults(
      sets.filter((message) => message.late),
      resolve,
    )
    await keepLate(tx, late, book?.opened() ?? [])
    await book?.close(live.at(-1)?.receivedAt ?? 0)
  }
