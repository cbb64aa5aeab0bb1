/**
 * Faults that are known only afterwards, from an agent's backlog. They complete the history of what
 * was in service then; they open nothing and nobody is told. Idempotent by (key, since).
 */
import { sql } from 'kysely'
import { newId } from '../core/ids.ts'
import { type AnyTx, type Tx as TxOf, withTables } from '../db/database.ts'
import { faults, isFaultCode } from '../faults/catalogue.ts'
import type { RegisterTables } from '../register/schema.ts'
import type { SeenFault } from './book.ts'
import type { AlertRow } from './rows.ts'
import type { AlertsTables } from './schema.ts'

type Tx = TxOf<AlertsTables & RegisterTables>

/** `seenAt` is the moment of the set that it stands in. */
export type LateFault = SeenFault & { seenAt: number }

const keyOf = ({ assetId, part, code, since }: LateFault) => `${assetId}|${part}|${code}|${since}`

/** One per (key, since), until the last moment at which it was seen. Pure. */
export function joinLate(late: readonly LateFault[]): LateFault[] {
  const joined = new Map<string, LateFault>()
  for (const one of late) {
    const known = joined.get(keyOf(one))
    if (!known || known.seenAt < one.seenAt) joined.set(keyOf(one), one)
  }
  return [...joined.values()]
}

/** Is this fault, as far as it was seen, the one that the alert tells of? Pure. */
export const isCovered = (
  { assetId, part, code, since, seenAt }: LateFault,
  alert: Pick<AlertRow, 'assetId' | 'part' | 'code' | 'since' | 'resolvedAt'>,
): boolean =>
  alert.assetId === assetId &&
  alert.part === part &&
  alert.code === code &&
  alert.since <= seenAt &&
  (alert.resolvedAt === null || alert.resolvedAt >= since)

async function isKnown(tx: Tx, fault: LateFault): Promise<boolean> {
  const { assetId, part, code, since, seenAt } = fault
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
  return known !== undefined
}

async function wasInService(tx: Tx, { assetId, since, seenAt }: LateFault): Promise<boolean> {
  const period = await tx
    .selectFrom('assetLifecycles')
    .select('id')
    .where('assetId', '=', assetId)
    .where('state', '=', 'in-service')
    .where('fromAt', '<=', seenAt)
    .where((eb) => eb.or([eb('toAt', 'is', null), eb('toAt', '>', since)]))
    .executeTakeFirst()
  return period !== undefined
}

async function keepOne(tx: Tx, fault: LateFault): Promise<void> {
  const { assetId, part, code, agentId, unit, unitPart, since, seenAt } = fault
  if (!isFaultCode(code)) return
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
        // A literal: SQLite knows a partial index only by its very condition, not by a parameter.
        .where('late', '=', sql.lit(1))
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

/** Keeps what no alert tells of yet; `opened` are those of this batch, not written so far. */
export async function keepLate(
  anyTx: AnyTx,
  late: readonly LateFault[],
  opened: readonly AlertRow[],
): Promise<void> {
  const tx = withTables<AlertsTables & RegisterTables>(anyTx)
  for (const fault of joinLate(late)) {
    if (opened.some((alert) => isCovered(fault, alert))) continue
    if (await isKnown(tx, fault)) continue
    if (await wasInService(tx, fault)) await keepOne(tx, fault)
  }
}
