import { type Accepted, sampleAt } from '../contract/wire/accepted.ts'
import type { ActiveCondition } from '../contract/wire/messages.ts'
import { newId } from '../core/ids.ts'
import { type BulkTable, bulkUpsert, inTexts } from '../db/bulk.ts'
import { type AnyTx, withTables } from '../db/database.ts'
import { faults, isFaultCode } from '../faults/catalogue.ts'
import { type AlertBook, openBook, type SeenFault } from './book.ts'
import { reconcile } from './condition-set.ts'
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

/** A set known only now: history is completed, nobody is told. Idempotent by (key, since). */
async function applyLate(tx: AnyTx, message: ConditionsMessage, resolve: Resolve): Promise<void> {
  for (const one of message.body.active.filter(agentsSay)) {
    const fault = toFault(message, one, resolve)
    if (fault) await keepLate(tx, fault, message.at)
  }
}

async function keepLate(anyTx: AnyTx, fault: SeenFault, seenAt: number): Promise<void> {
  const tx = withTables<AlertsTables>(anyTx)
  const { assetId, part, code, agentId, unit, unitPart, since } = fault
  const known = await tx
    .selectFrom('alerts')
    .select('id')
    .where('assetId', '=', assetId)
    .where('part', '=', part)
    .where('code', '=', code)
    .where('late', '=', 0)
    .where('since', '<=', seenAt)
    .where((eb) => eb.or([eb('resolvedAt', 'is', null), eb('resolvedAt', '>=', since)]))
    .executeTakeFirst()
  if (known || !isFaultCode(code)) return
  await tx
    .insertInto('alerts')
    .values({
      id: newId(since),
      assetId,
      part,
      code,
      agentId,
      unit,
      unitPart,
      severity: fault.severity ?? faults[code].severity,
      state: 'resolved',
      active: 0,
      since,
      openedAt: since,
      acknowledgedAt: null,
      acknowledgedBy: null,
      resolvedAt: seenAt,
      reopened: 0,
      causeId: null,
      raw: fault.raw === undefined ? null : String(fault.raw),
      note: null,
      late: 1,
    })
    .onConflict((oc) =>
      oc
        .columns(['assetId', 'part', 'code', 'since'])
        .where('late', '=', 1)
        .doUpdateSet((eb) => ({
          resolvedAt: eb
            .case()
            .when('alerts.resolvedAt', '<', seenAt)
            .then(seenAt)
            .else(eb.ref('alerts.resolvedAt'))
            .end(),
        })),
    )
    .execute()
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
  for (const one of active) {
    const fault = toFault(message, one, resolve)
    if (fault) book.seen(fault, receivedAt)
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

/**
 * Turns condition sets into alerts, in the reader's transaction; the events are its last
 * statement. `resolve` maps local names to assets.
 */
export const createApplyConditions =
  (resolve: Resolve) =>
  async (tx: AnyTx, messages: readonly Accepted[]): Promise<void> => {
    const sets = messages.filter((message) => message.channel === 'conditions')
    for (const message of sets) if (message.late) await applyLate(tx, message, resolve)
    const live = sets.filter((message) => !message.late)
    if (live.length === 0) return
    const reach = reachOf(live, resolve)
    const last = await lastSets(tx, reach.agentIds)
    const book = await openBook(tx, reach)
    for (const message of live) applyLive(message, { book, resolve, last })
    await bulkUpsert(tx, setsTable, [...last])
    await book.close(live.at(-1)?.receivedAt ?? 0)
  }
