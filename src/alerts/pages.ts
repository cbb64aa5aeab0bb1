import { newId } from '../core/ids.ts'
import type { NewEvent } from '../db/events.ts'
import type { AlertRow, AssetFacts, HistoryRow } from './rows.ts'

/** Who did it, and what they noted; nobody for a judge. */
export type Deed = { by?: string; note?: string | undefined }

export const keyOf = (one: { assetId: string; part: string; code: string }) =>
  `${one.assetId}|${one.part}|${one.code}`

export type Pages = ReturnType<typeof createPages>

/** Alerts and assets of the batch in memory, with what has changed. */
export function createPages(rows: AlertRow[], assets: AssetFacts[]) {
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
      [...(byAgent.get(agentId) ?? [])].filter(
        (row) => row.state !== 'resolved' && row.agentId === agentId,
      ),
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
    note: (row: AlertRow, entry: { what: string; at: number } & Deed) => {
      const { what, at, by = null, note = null } = entry
      history.push({ id: newId(at), alertId: row.id, at, what, by, note })
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
