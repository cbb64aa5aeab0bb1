/**
 * The alert book: the only writer of what judges see. It reads what a batch touches at once,
 * decides in memory and writes once. Promises: at most one open alert per (asset, part, code);
 * every change is in the history and is told by an event in the same transaction; what is not in
 * service opens nothing. It does not judge and does not notify.
 */
import { newId } from '../core/ids.ts'
import type { AnyTx } from '../db/database.ts'
import { appendEvents } from '../db/events.ts'
import { takeTurn } from '../db/turns.ts'
import { type FaultCode, faults, isFaultCode, type Severity } from '../faults/catalogue.ts'
import { isJudged } from '../register/lifecycle.ts'
import { recorrelate } from './correlation.ts'
import { type AlertFacts, onSeen, type Seen } from './lifecycle.ts'
import { createPages, type Deed, keyOf, type Pages } from './pages.ts'
import {
  type AlertRow,
  moveAlerts,
  type Reach,
  readAlerts,
  readAssets,
  readCauses,
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
  /** The alerts that this batch has opened. */
  opened: () => AlertRow[]
  /** The judge sees the fault. */
  seen: (fault: SeenFault, now: number) => void
  /** The judge sees that it is over, or a person says so. */
  ended: (row: AlertRow, now: number, how?: Deed) => void
  /** A person takes it on; the first one stays named. */
  acknowledged: (row: AlertRow, now: number, how: Deed) => void
  /** The judge cannot see it now: it stays open, and a person may close it. */
  lostSight: (row: AlertRow) => void
  /** Writes everything, moves alerts under their causes and appends the events: the last call. */
  close: (now: number) => Promise<void>
}

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
    opened: () => pages.written().added,
    seen: (fault, now) => takeSeen(pages, fault, now),
    ended: (row, now, how) => takeEnded(pages, row, { now, ...how }),
    acknowledged: (row, now, how) => takeAcknowledged(pages, row, { now, ...how }),
    lostSight: (row) => {
      if (row.active === 1) pages.change(row, { active: 0 })
    },
    close: (now) => closeBook(tx, pages, now),
  }
}

function takeEnded(pages: Pages, row: AlertRow, how: Deed & { now: number }): void {
  const { now, by, note } = how
  const remark = by === undefined || note === undefined ? {} : { note }
  pages.change(row, { state: 'resolved', active: 0, resolvedAt: now, ...remark })
  pages.note(row, { what: 'resolved', at: now, ...how })
  pages.tell('alert.resolved', row)
}

function takeAcknowledged(pages: Pages, row: AlertRow, how: Deed & { now: number }): void {
  const { now, by = null, note } = how
  pages.change(row, {
    state: 'acknowledged',
    acknowledgedAt: row.acknowledgedAt ?? now,
    acknowledgedBy: row.acknowledgedBy ?? by,
    ...(note === undefined ? {} : { note }),
  })
  pages.note(row, { what: 'acknowledged', at: now, ...how })
  pages.tell('alert.acknowledged', row)
}

const rawOf = (fault: SeenFault): string | null =>
  fault.raw === undefined ? null : String(fault.raw)

function takeSeen(pages: Pages, fault: SeenFault, now: number): void {
  const { code } = fault
  const asset = pages.assets.get(fault.assetId)
  if (!isFaultCode(code) || !asset) return
  const open = pages.openAt(keyOf(fault))
  if (!isJudged(asset.lifecycle)) {
    if (open) takeEnded(pages, open, { now, note: 'left service' })
    return
  }
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

/** Who sees it now: only this agent's sets can end it. */
const namesOf = ({ agentId, unit, unitPart }: SeenFault) => ({ agentId, unit, unitPart })

function carryOut(pages: Pages, decision: Seen, { fault, open, last, now }: Case): void {
  if (decision.do === 'open') {
    const row = newRow(fault, now)
    pages.add(row)
    pages.note(row, { what: 'opened', at: now })
    pages.tell('alert.opened', row)
  } else if (decision.do === 'reopen' && last) {
    pages.change(last, {
      ...namesOf(fault),
      state: 'open',
      severity: decision.severity,
      active: 1,
      resolvedAt: null,
      reopened: last.reopened + 1,
      causeId: null,
      raw: rawOf(fault),
    })
    pages.note(last, { what: 'reopened', at: now })
    pages.tell('alert.reopened', last)
  } else if (decision.do === 'raise' && open) {
    pages.change(open, { ...namesOf(fault), severity: decision.severity, active: 1 })
    pages.note(open, { what: 'severity', at: now, note: decision.severity })
    pages.tell('alert.severity', open)
  } else if (open && (open.active === 0 || open.agentId !== fault.agentId))
    pages.change(open, { ...namesOf(fault), active: 1 })
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
  // Two hubs that each open one half of a story must not both miss the other half.
  await takeTurn(tx, 'events')
  const { changed, added } = pages.written()
  const rows = [...changed, ...added]
  // What has ended is not in a set any more, so its asset was not in the reach of the batch.
  const unread = rows.map((row) => row.assetId).filter((id) => !pages.assets.has(id))
  for (const asset of await readAssets(tx, [...new Set(unread)])) pages.assets.set(asset.id, asset)
  const near = rows.flatMap((row) => {
    const asset = pages.assets.get(row.assetId)
    return asset ? [{ ...asset, agentId: row.agentId, alertId: row.id }] : []
  })
  const around = await readNeighbours(tx, near)
  const moves = recorrelate(around, await readCauses(tx, around))
  if (moves.length === 0) return
  for (const row of await moveAlerts(tx, moves)) {
    const what = row.causeId === null ? 'detached' : 'attached'
    pages.note(row, { what, at: now })
    pages.tell(`alert.${what}`, row)
  }
}
