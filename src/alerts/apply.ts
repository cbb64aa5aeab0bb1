import type { Accepted } from '../contract/wire/accepted.ts'
import type { ActiveCondition } from '../contract/wire/messages.ts'
import { newId } from '../core/ids.ts'
import { type AnyTx, withTables } from '../db/database.ts'
import { appendEvents } from '../db/events.ts'
import { faults, isFaultCode } from '../faults/catalogue.ts'
import { type AlertBook, openBook, type SeenFault } from './book.ts'
import { reconcile } from './condition-set.ts'
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
  const since = Math.min(Date.parse(one.since), at)
  return { ...bound, code, agentId, unit, unitPart: one.part, since, severity, raw }
}

async function lastSetAt(tx: AnyTx, agentId: string): Promise<number> {
  const row = await withTables<AlertsTables>(tx)
    .selectFrom('conditionSets')
    .select('at')
    .where('agentId', '=', agentId)
    .executeTakeFirst()
  return row?.at ?? 0
}

async function keepSetAt(tx: AnyTx, agentId: string, at: number): Promise<void> {
  await withTables<AlertsTables>(tx)
    .insertInto('conditionSets')
    .values({ agentId, at })
    .onConflict((oc) => oc.column('agentId').doUpdateSet({ at }))
    .execute()
}

/** Open alerts of the agent that are its own to judge, under their local names. */
async function openOf(tx: AnyTx, agentId: string) {
  const rows = await withTables<AlertsTables>(tx)
    .selectFrom('alerts')
    .select(['id', 'assetId', 'part as assetPart', 'unit', 'unitPart as part', 'code'])
    .where('agentId', '=', agentId)
    .where('state', '!=', 'resolved')
    .execute()
  return rows.filter(agentsSay)
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

async function applyLive(
  tx: AnyTx,
  message: ConditionsMessage,
  ports: { book: AlertBook; resolve: Resolve },
) {
  const { agentId, body, at, receivedAt } = message
  const { book, resolve } = ports
  if (at < (await lastSetAt(tx, agentId))) return
  await keepSetAt(tx, agentId, at)
  const active = body.active.filter(agentsSay)
  const assetOf = (unit: string, part: string) => resolve(agentId, unit, part, at)?.assetId
  const { ended, unknown } = reconcile(
    await openOf(tx, agentId),
    { active, unknown: body.unknown },
    assetOf,
  )
  // Ended first: a rebound fault must leave its old asset before it stands on the new one.
  for (const { assetId, assetPart, code } of ended) {
    await book.ended({ assetId, part: assetPart, code }, receivedAt)
  }
  for (const alert of unknown) await book.lostSight(alert.id)
  for (const one of active) {
    const fault = toFault(message, one, resolve)
    if (fault) await book.seen(fault, receivedAt)
  }
}

/**
 * Turns condition sets into alerts, in the reader's transaction; the events are its last
 * statement. `resolve` maps local names to assets.
 */
export const createApplyConditions =
  (resolve: Resolve) =>
  async (tx: AnyTx, messages: readonly Accepted[]): Promise<void> => {
    const sets = messages.filter((message) => message.channel === 'conditions')
    if (sets.length === 0) return
    const book = openBook(tx)
    for (const message of sets) {
      if (message.late) await applyLate(tx, message, resolve)
      else await applyLive(tx, message, { book, resolve })
    }
    const now = sets.reduce((latest, message) => Math.max(latest, message.receivedAt), 0)
    await book.correlate(now)
    if (book.events().length > 0) await appendEvents(tx, book.events(), now)
  }
