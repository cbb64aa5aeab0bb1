import { areaInScope } from '../areas/scope.ts'
import type { AreaSummary } from '../contract/api/operations.ts'
import { inChunks } from '../db/chunks.ts'
import type { Tx as TxOf } from '../db/database.ts'
import type { Severity } from '../faults/catalogue.ts'
import type { Scope } from '../http/actor.ts'
import type { PartState } from '../twin/merge.ts'
import type { ViewTables } from './tables.ts'

type Tx = TxOf<ViewTables>

/** What one area holds itself, before what is below it is added. */
export type AreaCounts = Record<CountName, number>

const names = [
  'cameras_registered',
  'cameras_monitored',
  'cameras_online',
  'cameras_recording',
  'cameras_unknown',
  'cabinets_registered',
  'circuits_lit',
  'circuits_dark',
  'circuits_day_burning',
  'alerts_open_critical',
  'alerts_open_high',
  'alerts_open_medium',
  'alerts_open_low',
] as const
type CountName = (typeof names)[number]

const zero = (): AreaCounts => Object.fromEntries(names.map((name) => [name, 0])) as AreaCounts

type Facts = {
  kind: string
  areaId: string
  bound: boolean
  /** Undefined when the agent is silent or has said nothing. */
  state: PartState | undefined
  codes: readonly string[]
}

function countCamera(counts: AreaCounts, facts: Facts): void {
  counts.cameras_registered += 1
  if (!facts.bound) return
  counts.cameras_monitored += 1
  const online = facts.state?.values['online']
  if (online === 1) counts.cameras_online += 1
  if (online === null || online === undefined) counts.cameras_unknown += 1
  if (facts.state?.values['recording'] === 1) counts.cameras_recording += 1
}

function countCircuit(counts: AreaCounts, facts: Facts): void {
  if (facts.codes.includes('day-burning')) counts.circuits_day_burning += 1
  if (facts.codes.includes('lights-not-burning')) counts.circuits_dark += 1
  else if (facts.state?.values['on'] === 1) counts.circuits_lit += 1
}

/** Counts by area, each area with all below it. Pure. */
export function countAreas(
  assets: readonly Facts[],
  alerts: readonly { areaId: string; severity: Severity }[],
  closure: readonly { ancestorId: string; areaId: string }[],
): Map<string, AreaCounts> {
  const own = new Map<string, AreaCounts>()
  const of = (areaId: string) => {
    const counts = own.get(areaId) ?? zero()
    own.set(areaId, counts)
    return counts
  }
  for (const facts of assets) {
    if (facts.kind === 'camera') countCamera(of(facts.areaId), facts)
    if (facts.kind === 'circuit') countCircuit(of(facts.areaId), facts)
    if (facts.kind === 'cabinet') of(facts.areaId).cabinets_registered += 1
  }
  for (const { areaId, severity } of alerts) of(areaId)[`alerts_open_${severity}`] += 1
  const whole = new Map<string, AreaCounts>()
  for (const { ancestorId, areaId } of closure) {
    const sum = whole.get(ancestorId) ?? zero()
    whole.set(ancestorId, sum)
    const part = own.get(areaId)
    if (part) for (const name of names) sum[name] += part[name]
  }
  return whole
}

async function readFacts(tx: Tx): Promise<Facts[]> {
  const rows = await tx
    .selectFrom('assets')
    .leftJoin('bindings', (join) =>
      join.onRef('bindings.assetId', '=', 'assets.id').on('bindings.toAt', 'is', null),
    )
    .select([
      'assets.id',
      'assets.kind',
      'assets.areaId',
      'bindings.agentId',
      'bindings.unit',
      'bindings.part',
    ])
    .where('assets.kind', 'in', ['camera', 'circuit', 'cabinet'])
    .where('assets.lifecycle', 'in', ['in-service', 'suspended'])
    .execute()
  const silent = await tx
    .selectFrom('alerts')
    .select('assetId')
    .where('code', '=', 'agent-silent')
    .where('state', '!=', 'resolved')
    .execute()
  const mute = new Set(silent.map((row) => row.assetId))
  const agentIds = [
    ...new Set(
      rows.flatMap((row) => (row.agentId === null || mute.has(row.agentId) ? [] : [row.agentId])),
    ),
  ]
  const pages = await inChunks(agentIds, (ids) =>
    tx
      .selectFrom('twinUnits')
      .select(['agentId', 'unit', 'parts'])
      .where('agentId', 'in', ids)
      .execute(),
  )
  const units = new Map<string, Record<string, PartState>>(
    pages.flat().map((row) => [`${row.agentId}/${row.unit}`, JSON.parse(row.parts)]),
  )
  const open = await tx
    .selectFrom('alerts')
    .select(['assetId', 'code'])
    .where('state', '!=', 'resolved')
    .execute()
  const codes = Map.groupBy(open, (row) => row.assetId)
  return rows.map((row) => ({
    kind: row.kind,
    areaId: row.areaId,
    bound: row.agentId !== null,
    state: row.part === null ? undefined : units.get(`${row.agentId}/${row.unit}`)?.[row.part],
    codes: (codes.get(row.id) ?? []).map((one) => one.code),
  }))
}

/** Counts of every area of the province, by today's tree. */
export async function readAreaCounts(tx: Tx): Promise<Map<string, AreaCounts>> {
  const alerts = await tx
    .selectFrom('alerts')
    .innerJoin('assets', 'assets.id', 'alerts.assetId')
    .select(['assets.areaId', 'alerts.severity'])
    .where('alerts.state', '!=', 'resolved')
    .where('alerts.causeId', 'is', null)
    .execute()
  const closure = await tx.selectFrom('areaClosure').select(['ancestorId', 'areaId']).execute()
  const severities = alerts.map(({ areaId, severity }) => ({
    areaId,
    severity: severity as Severity,
  }))
  return countAreas(await readFacts(tx), severities, closure)
}

/** The visible areas with their counts, by code. */
export async function areaSummaries(
  tx: Tx,
  scope: Scope,
  counts: ReadonlyMap<string, AreaCounts>,
): Promise<AreaSummary[]> {
  const areas = await tx
    .selectFrom('areas')
    .innerJoin('areaVersions as v', 'v.areaId', 'areas.id')
    .where('v.validTo', 'is', null)
    .where((eb) => areaInScope(eb, scope, 'areas.id'))
    .select(['areas.id as areaId', 'v.name', 'v.kind', 'v.parentId'])
    .orderBy('areas.code')
    .execute()
  return areas.map((area) => {
    const sum = counts.get(area.areaId) ?? zero()
    return {
      ...area,
      cameras: {
        registered: sum.cameras_registered,
        monitored: sum.cameras_monitored,
        online: sum.cameras_online,
        unknown: sum.cameras_unknown,
      },
      cabinets: {
        registered: sum.cabinets_registered,
        lit: sum.circuits_lit,
        dark: sum.circuits_dark,
        dayBurning: sum.circuits_day_burning,
      },
      openAlerts: {
        critical: sum.alerts_open_critical,
        high: sum.alerts_open_high,
        medium: sum.alerts_open_medium,
        low: sum.alerts_open_low,
      },
    }
  })
}
