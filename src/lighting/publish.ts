import type { AreasTables } from '../areas/schema.ts'
import { inChunks } from '../db/chunks.ts'
import { type AnyTx, type Tx as TxOf, withTables } from '../db/database.ts'
import { appendEvents, type EventRow } from '../db/events.ts'
import type { RegisterTables } from '../register/schema.ts'
import { setDesired } from '../twin/sections.ts'
import { type AreaProgram, type CircuitPlace, compilePlans, type PlanPlace } from './compile.ts'
import type { LightingTables } from './schema.ts'

type Tx = TxOf<LightingTables & RegisterTables & AreasTables>

/** Events after which some cabinet may have other hours. */
export const planEvents = [
  'lighting.published',
  'binding.changed',
  'asset.changed',
  'area.changed',
  'agent.adopted',
]

/** Where a cabinet stands when nobody said it: the middle of the province. */
export type Defaults = PlanPlace

async function loadCircuits(
  tx: Tx,
): Promise<{ place: CircuitPlace; lat: number | null; lon: number | null }[]> {
  const rows = await tx
    .selectFrom('bindings')
    .innerJoin('assets', 'assets.id', 'bindings.assetId')
    .leftJoin('sites', 'sites.id', 'assets.siteId')
    .select([
      'bindings.agentId',
      'bindings.unit',
      'bindings.part',
      'assets.areaId',
      'assets.lat',
      'assets.lon',
      'sites.lat as siteLat',
      'sites.lon as siteLon',
    ])
    .where('bindings.toAt', 'is', null)
    .where('assets.kind', '=', 'circuit')
    .orderBy('bindings.agentId')
    .orderBy('bindings.unit')
    .orderBy('bindings.part')
    .execute()
  const areaIds = [...new Set(rows.map((row) => row.areaId))]
  const pages = await inChunks(areaIds, (ids) =>
    tx.selectFrom('areaClosure').selectAll().where('areaId', 'in', ids).orderBy('depth').execute(),
  )
  const upward = Map.groupBy(pages.flat(), (pair) => pair.areaId)
  return rows.map(({ agentId, unit, part, areaId, lat, lon, siteLat, siteLon }) => ({
    place: {
      agentId,
      unit,
      part,
      areas: (upward.get(areaId) ?? []).map((pair) => pair.ancestorId),
    },
    lat: lat ?? siteLat,
    lon: lon ?? siteLon,
  }))
}

async function loadPrograms(tx: Tx): Promise<Map<string, AreaProgram>> {
  const rows = await tx.selectFrom('lightingPrograms').selectAll().execute()
  return new Map(
    rows.map(({ areaId, name, version, weekly }) => [
      areaId,
      { areaId, name, version, weekly: JSON.parse(weekly) },
    ]),
  )
}

/**
 * Compiles the plans of all cabinets anew and sets what changed as desired; returns the agents
 * whose plan changed. Idempotent: run again it changes nothing.
 */
export async function publishPlans(
  anyTx: AnyTx,
  defaults: Defaults,
  now: number,
): Promise<string[]> {
  const tx = withTables<LightingTables & RegisterTables & AreasTables>(anyTx)
  const circuits = await loadCircuits(tx)
  const first = new Map(circuits.toReversed().map((circuit) => [circuit.place.agentId, circuit]))
  const placeOf = (agentId: string): PlanPlace => {
    const { lat, lon } = first.get(agentId) ?? { lat: null, lon: null }
    const known = lat !== null && lon !== null
    return {
      timeZone: defaults.timeZone,
      lat: known ? lat : defaults.lat,
      lon: known ? lon : defaults.lon,
    }
  }
  const plans = compilePlans(
    circuits.map((circuit) => circuit.place),
    await loadPrograms(tx),
    placeOf,
  )
  const changed: string[] = []
  for (const [agentId, body] of plans) {
    if (await setDesired(tx, agentId, { section: 'plan', body, now })) changed.push(agentId)
  }
  if (changed.length > 0) {
    await appendEvents(
      tx,
      changed.map((agentId) => ({ kind: 'twin.desired', subject: agentId })),
      now,
    )
  }
  return changed
}

/** The consumer's work: once for a whole batch of events. */
export const createPublisher =
  (defaults: Defaults, now: () => number) =>
  async (tx: AnyTx, _events: readonly EventRow[]): Promise<void> => {
    await publishPlans(tx, defaults, now())
  }
