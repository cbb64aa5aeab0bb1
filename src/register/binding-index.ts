/** A binding for a period: (agent, unit, part) is (asset, part of it). */
export type BindingRow = {
  agentId: string
  unit: string
  part: string
  assetId: string
  assetPart: string
  fromAt: number
  toAt: number | null
}

export type Bound = { assetId: string; part: string }

/**
 * Resolves local names to assets at a moment. Pure, in memory. A part without a binding of its own
 * belongs to its unit's asset under the same part name (a disk is a part of its recorder).
 */
export type BindingIndex = {
  resolve: (agentId: string, unit: string, part: string, at: number) => Bound | undefined
  /** Every asset that hangs on an agent now. */
  assetsOf: (agentId: string) => string[]
  size: number
}

type Period = { fromAt: number; toAt: number; bound: Bound }

const at = (periods: Period[] | undefined, moment: number): Bound | undefined => {
  if (!periods) return undefined
  for (const period of periods) {
    if (moment >= period.fromAt && moment < period.toAt) return period.bound
  }
  // What was measured before the first binding belongs to it: history of the commissioning.
  const first = periods[0]
  return first && moment < first.fromAt ? first.bound : undefined
}

export function indexBindings(rows: readonly BindingRow[]): BindingIndex {
  const units = new Map<string, Map<string, Period[]>>()
  for (const row of rows) {
    const key = `${row.agentId}/${row.unit}`
    const parts = units.get(key) ?? new Map<string, Period[]>()
    units.set(key, parts)
    const periods = parts.get(row.part) ?? []
    parts.set(row.part, periods)
    const bound = { assetId: row.assetId, part: row.assetPart }
    periods.push({ fromAt: row.fromAt, toAt: row.toAt ?? Number.POSITIVE_INFINITY, bound })
  }
  for (const parts of units.values()) {
    for (const periods of parts.values()) periods.sort((a, b) => a.fromAt - b.fromAt)
  }
  const byAgent = new Map<string, Set<string>>()
  for (const row of rows) {
    if (row.toAt !== null) continue
    const assets = byAgent.get(row.agentId) ?? new Set()
    byAgent.set(row.agentId, assets.add(row.assetId))
  }
  // A report names its unit once for each of its parts.
  const last: { agentId: string; unit: string; parts: Map<string, Period[]> | undefined } = {
    agentId: '',
    unit: '',
    parts: undefined,
  }
  const partsOf = (agentId: string, unit: string) => {
    if (last.agentId === agentId && last.unit === unit) return last.parts
    return Object.assign(last, { agentId, unit, parts: units.get(`${agentId}/${unit}`) }).parts
  }
  return {
    resolve: (agentId, unit, part, moment) => {
      const parts = partsOf(agentId, unit)
      if (!parts) return undefined
      const own = at(parts.get(part), moment)
      if (own || part === '') return own
      const ofUnit = at(parts.get(''), moment)
      return ofUnit && { assetId: ofUnit.assetId, part }
    },
    assetsOf: (agentId) => [...(byAgent.get(agentId) ?? [])],
    size: rows.length,
  }
}
