/**
 * The alert book: the only writer of alerts. Promises: at most one open alert per (asset, part,
 * code); every change is in the history and is told by an event in the same transaction; what is
 * not in service opens nothing. It does not judge and does not notify.
 */
import { newId } from '../core/ids.ts'
import { type AnyTx, type Tx as TxOf, withTables } from '../db/database.ts'
import type { NewEvent } from '../db/events.ts'
import { type FaultCode, faults, isFaultCode, type Severity } from '../faults/catalogue.ts'
import { isJudged } from '../register/lifecycle.ts'
import type { RegisterTables } from '../register/schema.ts'
import { type Candidate, recorrelate } from './correlation.ts'
import { type AlertFacts, onSeen } from './lifecycle.ts'
import type { AlertsTables } from './schema.ts'

export type AlertRow = AlertsTables['alerts']
type Tx = TxOf<AlertsTables & RegisterTables>

export type SeenFault = {
  assetId: string
  part: string
  code: string
  agentId: string
  unit: string
  unitPart: string
  since: number
  severity?: Severity | undefined
  raw?: string | number | undefined
}
type Key = { assetId: string; part: string; code: string }

export const factsOf = (row: AlertRow): AlertFacts => ({
  state: row.state as AlertFacts['state'],
  severity: row.severity as Severity,
  active: row.active === 1,
  resolvedAt: row.resolvedAt,
})

/** Alerts of one transaction: changes them and gathers the events to append at its end. */
export type AlertBook = {
  seen: (fault: SeenFault, now: number) => Promise<void>
  ended: (key: Key, now: number) => Promise<void>
  /** The judge cannot see it now: it stays open, and a person may close it. */
  lostSight: (id: string) => Promise<void>
  /** Ends whatever is open on the assets: they left service. */
  leaveService: (assetIds: readonly string[], now: number) => Promise<void>
  /** Looks at the open alerts around what changed and moves them under their causes. */
  correlate: (now: number) => Promise<void>
  events: () => NewEvent[]
}

export function openBook(anyTx: AnyTx): AlertBook {
  const tx: Tx = withTables<AlertsTables & RegisterTables>(anyTx)
  const events: NewEvent[] = []
  const touched = new Set<string>()

  const tell = (kind: string, row: AlertRow) => {
    const { assetId, code, severity, causeId } = row
    events.push({
      kind,
      subject: row.id,
      data: { assetId, code, severity, causeId, part: row.part },
    })
    touched.add(row.assetId)
  }
  const note = (row: AlertRow, what: string, at: number) =>
    writeHistory(tx, { alertId: row.id, what, at })

  const open = async (fault: SeenFault & { code: FaultCode }, now: number) => {
    const row = newRow(fault, now)
    await tx.insertInto('alerts').values(row).execute()
    await note(row, 'opened', now)
    tell('alert.opened', row)
  }
  const reopen = async (row: AlertRow, fault: SeenFault, now: number) => {
    const change = {
      state: 'open',
      active: 1,
      resolvedAt: null,
      reopened: row.reopened + 1,
      causeId: null,
      raw: rawOf(fault),
    }
    await tx.updateTable('alerts').set(change).where('id', '=', row.id).execute()
    await note(row, 'reopened', now)
    tell('alert.reopened', { ...row, ...change })
  }
  const raise = async (row: AlertRow, severity: Severity, now: number) => {
    await tx.updateTable('alerts').set({ severity, active: 1 }).where('id', '=', row.id).execute()
    await note(row, 'severity', now)
    tell('alert.severity', { ...row, severity })
  }
  const close = async (row: AlertRow, now: number, why: string | null) => {
    const change = { state: 'resolved', active: 0, resolvedAt: now, causeId: row.causeId }
    await tx.updateTable('alerts').set(change).where('id', '=', row.id).execute()
    await writeHistory(tx, {
      alertId: row.id,
      what: 'resolved',
      at: now,
      ...(why ? { note: why } : {}),
    })
    tell('alert.resolved', { ...row, ...change })
  }

  return {
    seen: async (fault, now) => {
      const { code } = fault
      if (!isFaultCode(code) || !(await isInService(tx, fault.assetId))) return
      const { openRow, lastRow } = await rowsOf(tx, fault)
      const severity = fault.severity ?? faults[code].severity
      const decision = onSeen(openRow && factsOf(openRow), lastRow && factsOf(lastRow), {
        severity,
        now,
      })
      if (decision.do === 'open') await open({ ...fault, code }, now)
      if (decision.do === 'reopen' && lastRow) await reopen(lastRow, fault, now)
      if (decision.do === 'raise' && openRow) await raise(openRow, decision.severity, now)
      if (decision.do === 'keep' && openRow?.active === 0) {
        await tx.updateTable('alerts').set({ active: 1 }).where('id', '=', openRow.id).execute()
      }
    },
    ended: async (key, now) => {
      const { openRow } = await rowsOf(tx, key)
      if (openRow) await close(openRow, now, null)
    },
    lostSight: async (id) => {
      await tx.updateTable('alerts').set({ active: 0 }).where('id', '=', id).execute()
    },
    leaveService: async (assetIds, now) => {
      if (assetIds.length === 0) return
      const rows = await tx
        .selectFrom('alerts')
        .selectAll()
        .where('assetId', 'in', [...assetIds])
        .where('state', '!=', 'resolved')
        .execute()
      for (const row of rows) await close(row, now, 'left service')
    },
    correlate: async (now) => {
      if (touched.size === 0) return
      const around = await neighbourhood(tx, [...touched])
      for (const { id, causeId } of recorrelate(around)) {
        await tx.updateTable('alerts').set({ causeId }).where('id', '=', id).execute()
        const what = causeId === null ? 'detached' : 'attached'
        await writeHistory(tx, { alertId: id, what, at: now })
        const row = await tx
          .selectFrom('alerts')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirstOrThrow()
        tell(`alert.${what}`, row)
      }
    },
    events: () => events,
  }
}

const rawOf = (fault: SeenFault): string | null =>
  fault.raw === undefined ? null : String(fault.raw)

function newRow(fault: SeenFault & { code: FaultCode }, now: number): AlertRow {
  const { assetId, part, code, agentId, unit, unitPart, since } = fault
  return {
    id: newId(now),
    assetId,
    part,
    code,
    agentId,
    unit,
    unitPart,
    severity: fault.severity ?? faults[code].severity,
    state: 'open',
    active: 1,
    since,
    openedAt: now,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    reopened: 0,
    causeId: null,
    raw: rawOf(fault),
    note: null,
    late: 0,
  }
}

export async function writeHistory(
  anyTx: AnyTx,
  entry: { alertId: string; at: number; what: string; by?: string; note?: string },
): Promise<void> {
  await withTables<AlertsTables>(anyTx)
    .insertInto('alertHistory')
    .values({ id: newId(entry.at), by: null, note: null, ...entry })
    .execute()
}

async function isInService(tx: Tx, assetId: string): Promise<boolean> {
  const asset = await tx
    .selectFrom('assets')
    .select('lifecycle')
    .where('id', '=', assetId)
    .executeTakeFirst()
  return asset !== undefined && isJudged(asset.lifecycle)
}

/** The open alert of a key, and its newest resolved one that was not known only afterwards. */
async function rowsOf(
  tx: Tx,
  key: Key,
): Promise<{ openRow: AlertRow | undefined; lastRow: AlertRow | undefined }> {
  const rows = await tx
    .selectFrom('alerts')
    .selectAll()
    .where('assetId', '=', key.assetId)
    .where('part', '=', key.part)
    .where('code', '=', key.code)
    .where('late', '=', 0)
    .orderBy('openedAt', 'desc')
    .limit(2)
    .execute()
  const openRow = rows.find((row) => row.state !== 'resolved')
  return { openRow, lastRow: rows.find((row) => row.state === 'resolved') }
}

/** Open alerts of the same agents, sites, parents and children as these assets. */
async function neighbourhood(tx: Tx, assetIds: readonly string[]): Promise<Candidate[]> {
  const near = await tx
    .selectFrom('assets')
    .leftJoin('alerts', 'alerts.assetId', 'assets.id')
    .select(['assets.id', 'assets.parentId', 'assets.siteId', 'alerts.agentId'])
    .where('assets.id', 'in', [...assetIds])
    .distinct()
    .execute()
  const pick = (values: (string | null)[]) => [...new Set(values.filter((value) => value !== null))]
  const [agents, sites, parents] = [
    pick(near.map((n) => n.agentId)),
    pick(near.map((n) => n.siteId)),
    pick(near.map((n) => n.parentId)),
  ]
  return tx
    .selectFrom('alerts')
    .innerJoin('assets', 'assets.id', 'alerts.assetId')
    .select([
      'alerts.id',
      'alerts.code',
      'alerts.assetId',
      'assets.parentId',
      'alerts.agentId',
      'assets.siteId',
      'alerts.since',
      'alerts.causeId',
    ])
    .where('alerts.state', '!=', 'resolved')
    .where((eb) =>
      eb.or([
        eb('alerts.assetId', 'in', [...assetIds, ...parents]),
        eb('assets.parentId', 'in', [...assetIds]),
        ...(agents.length > 0 ? [eb('alerts.agentId', 'in', agents)] : []),
        ...(sites.length > 0 ? [eb('assets.siteId', 'in', sites)] : []),
      ]),
    )
    .orderBy('alerts.openedAt')
    .execute()
}
