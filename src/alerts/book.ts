/**
 * The alert book: the only writer of what judges see. It reads what a batch touches at once,
 * decides in memory and writes once. Promises: at most one open alert per (asset, part, code);
 * every change is in the history and is told by an event in the same transaction; what is not in
 * service opens nothing. It does not judge and does not notify.
 */
import { newId } from '../core/ids.ts'
import type { AnyTx } from '../db/database.ts'
import { appendEvents, type NewEvent } from '../db/events.ts'
import { type FaultCode, faults, isFaultCode, type Severity } from '../faults/catalogue.ts'
import { isJudged } from '../register/lifecycle.ts'
import { recorrelate } from './correlation.ts'
import { type AlertFacts, onSeen, type Seen } from './lifecycle.ts'
import {
  type AlertRow,
  type AssetFacts,
  type HistoryRow,
  type Reach,
  readAlerts,
  readAssets,
  readByIds,
  readNeighbours,
  writeAlerts,
  writeHistory,
} from './rows.ts'

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

export type AlertBook = {
  /** The alerts of this agent that are open at this point of the batch. */
  openOf: (agentId: string) => AlertRow[]
  /** The alerts on these assets that are open. */
  openOn: (assetIds: readonly string[]) => AlertRow[]
  /** The judge sees the fault. */
  seen: (fault: SeenFault, now: number) => void
  /** The judge sees that it is over. */
  ended: (row: AlertRow, now: number, why?: string) => void
  /** The judge cannot see it now: it stays open, and a person may close it. */
  lostSight: (row: AlertRow) => void
  /** Writes everything, moves alerts under their causes and appends the events: the last call. */
  close: (now: number) => Promise<void>
}

const keyOf = (one: { assetId: string; part: string; code: string }) =>
  `${one.assetId}|${one.part}|${one.code}`

export const factsOf = (row: AlertRow): AlertFacts => ({
  state: row.state as AlertFacts['state'],
  severity: row.severity as Severity,
  active: row.active === 1,
  resolvedAt: row.resolvedAt,
})

/** Opens the book for a batch; `reach` names every agent and asset that it may touch. */
export async function openBook(tx: AnyTx, reach: Reach): Promise<AlertBook> {
  const pages = createPages(await readAlerts(tx, reach), await readAssets(tx, reach.assetIds))
  return {
    openOf: pages.openOf,
    openOn: pages.openOn,
    seen: (fault, now) => takeSeen(pages, fault, now),
    ended: (row, now, why) => {
      pages.change(row, { state: 'resolved', active: 0, resolvedAt: now })
      pages.note(row, { what: 'resolved', at: now, note: why ?? null })
      pages.tell('alert.resolved', row)
    },
    lostSight: (row) => {
      if (row.active === 1) pages.change(row, { active: 0 })
    },
    close: (now) => closeBook(tx, pages, now),
  }
}

type Pages = ReturnType<typeof createPages>

/** Alerts and assets of the batch in memory, with what has changed. */
function createPages(rows: AlertRow[], assets: AssetFacts[]) {
  const openByKey = new Map<string, AlertRow>()
  const lastByKey = new Map<string, AlertRow>()
  const byAgent = new Map<string, Set<AlertRow>>()
  const changed = new Set<AlertRow>()
  const added = new Set<AlertRow>()
  const history: HistoryRow[] = []
  const events: NewEvent[] = []
  const file = (row: AlertRow) => {
    if (row.state === 'resolved') lastByKey.set(keyOf(row), row)
    else openByKey.set(keyOf(row), row)
    const mine = byAgent.get(row.agentId) ?? new Set()
    byAgent.set(row.agentId, mine.add(row))
  }
  for (const row of rows) file(row)
  return {
    assets: new Map(assets.map((asset) => [asset.id, asset])),
    openOf: (agentId: string) =>
      [...(byAgent.get(agentId) ?? [])].filter((row) => row.state !== 'resolved'),
    openOn: (assetIds: readonly string[]) =>
      [...openByKey.values()].filter((row) => assetIds.includes(row.assetId)),
    openAt: (key: string) => openByKey.get(key),
    lastAt: (key: string) => lastByKey.get(key),
    add: (row: AlertRow) => {
      added.add(row)
      file(row)
    },
    change: (row: AlertRow, change: Partial<AlertRow>) => {
      Object.assign(row, change)
      const key = keyOf(row)
      if (row.state === 'resolved' && openByKey.get(key) === row) openByKey.delete(key)
      file(row)
      if (!added.has(row)) changed.add(row)
    },
    note: (row: AlertRow, entry: { what: string; at: number; note?: string | null }) => {
      history.push({ id: newId(entry.at), alertId: row.id, by: null, note: null, ...entry })
    },
    tell: (
      kind: string,
      row: Pick<AlertRow, 'id' | 'assetId' | 'code' | 'severity' | 'causeId' | 'part'>,
    ) => {
      const { id, ...data } = row
      const { assetId, code, severity, causeId, part } = data
      events.push({ kind, subject: id, data: { assetId, code, severity, causeId, part } })
    },
    written: () => ({ changed: [...changed], added: [...added], history, events }),
  }
}

const rawOf = (fault: SeenFault): string | null =>
  fault.raw === undefined ? null : String(fault.raw)

function takeSeen(pages: Pages, fault: SeenFault, now: number): void {
  const { code } = fault
  const asset = pages.assets.get(fault.assetId)
  if (!isFaultCode(code) || !asset || !isJudged(asset.lifecycle)) return
  const open = pages.openAt(keyOf(fault))
  const last = pages.lastAt(keyOf(fault))
  const severity = fault.severity ?? faults[code].severity
  const decision = onSeen(open && factsOf(open), last && factsOf(last), { severity, now })
  carryOut(pages, decision, { fault: { ...fault, code }, open, last, now })
}

type Case = {
  fault: SeenFault & { code: FaultCode }
  open: AlertRow | undefined
  last: AlertRow | undefined
  now: number
}

function carryOut(pages: Pages, decision: Seen, { fault, open, last, now }: Case): void {
  if (decision.do === 'open') {
    const row = newRow(fault, now)
    pages.add(row)
    pages.note(row, { what: 'opened', at: now })
    pages.tell('alert.opened', row)
  } else if (decision.do === 'reopen' && last) {
    pages.change(last, {
      state: 'open',
      active: 1,
      resolvedAt: null,
      reopened: last.reopened + 1,
      causeId: null,
      raw: rawOf(fault),
    })
    pages.note(last, { what: 'reopened', at: now })
    pages.tell('alert.reopened', last)
  } else if (decision.do === 'raise' && open) {
    pages.change(open, { severity: decision.severity, active: 1 })
    pages.note(open, { what: 'severity', at: now, note: decision.severity })
    pages.tell('alert.severity', open)
  } else if (open?.active === 0) pages.change(open, { active: 1 })
}

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

async function closeBook(tx: AnyTx, pages: Pages, now: number): Promise<void> {
  const { changed, added, history, events } = pages.written()
  await writeAlerts(tx, changed, added)
  if (events.length > 0) await correlate(tx, pages, now)
  await writeHistory(tx, history)
  if (events.length > 0) await appendEvents(tx, events, now)
}

/** Looks at the open alerts around what changed and moves them under their causes, or out again. */
async function correlate(tx: AnyTx, pages: Pages, now: number): Promise<void> {
  const { changed, added } = pages.written()
  const rows = [...changed, ...added]
  // What has ended is not in a set any more, so its asset was not in the reach of the batch.
  const unread = rows.map((row) => row.assetId).filter((id) => !pages.assets.has(id))
  for (const asset of await readAssets(tx, [...new Set(unread)])) pages.assets.set(asset.id, asset)
  const near = rows.flatMap((row) => {
    const asset = pages.assets.get(row.assetId)
    return asset ? [{ ...asset, agentId: row.agentId }] : []
  })
  const around = await readNeighbours(tx, near)
  const moves = recorrelate(around)
  if (moves.length === 0) return
  const found = await readByIds(
    tx,
    moves.map((move) => move.id),
  )
  const moved = found.map((row) => ({
    ...row,
    causeId: moves.find((move) => move.id === row.id)?.causeId ?? null,
  }))
  await writeAlerts(tx, moved, [])
  for (const row of moved) {
    const what = row.causeId === null ? 'detached' : 'attached'
    pages.note(row, { what, at: now })
    pages.tell(`alert.${what}`, row)
  }
}
