import type { z } from 'zod'
import { areaInScope } from '../areas/scope.ts'
import type { LiveEvent } from '../contract/api/operations.ts'
import type { Accepted } from '../contract/wire/accepted.ts'
import { sampleAt } from '../contract/wire/accepted.ts'
import { inChunks } from '../db/chunks.ts'
import type { Database } from '../db/database.ts'
import type { EventRow } from '../db/events.ts'
import type { Scope } from '../http/actor.ts'
import type { LiveMessage, LiveStream } from '../http/live.ts'
import type { ViewTables } from './tables.ts'

type Resolve = (
  agentId: string,
  unit: string,
  part: string,
  at: number,
) => { assetId: string; part: string } | undefined

/** An event on its way to browsers, with every area that contains what it is about. */
export type LivePiece = LiveMessage & { areas: readonly string[] | undefined; assetId?: string }

const assetOf = (event: EventRow): string | undefined => {
  const { assetId } = event.data
  if (typeof assetId === 'string') return assetId
  return event.kind.startsWith('asset.') ? event.subject : undefined
}

async function ancestorsOf(
  db: Database<ViewTables>,
  assetIds: string[],
): Promise<Map<string, string[]>> {
  if (assetIds.length === 0) return new Map()
  const pages = await db.read((q) =>
    inChunks(assetIds, (ids) =>
      q
        .selectFrom('assets')
        .innerJoin('areaClosure', 'areaClosure.areaId', 'assets.areaId')
        .select(['assets.id', 'areaClosure.ancestorId'])
        .where('assets.id', 'in', ids)
        .orderBy('areaClosure.depth')
        .execute(),
    ),
  )
  const found = new Map<string, string[]>()
  for (const { id, ancestorId } of pages.flat())
    found.set(id, [...(found.get(id) ?? []), ancestorId])
  return found
}

/** Events as live messages; what has no place is for those who may see everything. */
export async function toLive(
  db: Database<ViewTables>,
  lineage: string,
  events: readonly EventRow[],
): Promise<LivePiece[]> {
  const assetIds = [...new Set(events.flatMap((event) => assetOf(event) ?? []))]
  const ancestors = await ancestorsOf(db, assetIds)
  return events.map((event) => {
    const areas = ancestors.get(assetOf(event) ?? '')
    const data: z.infer<typeof LiveEvent> = {
      kind: event.kind,
      subject: event.subject,
      at: new Date(event.at).toISOString(),
      areaId: areas?.[0] ?? null,
      data: event.data,
    }
    return { id: `${lineage}:${event.seq}`, event: event.kind, data, areas }
  })
}

/** May a listener with this scope see the piece, and does it watch the asset telemetry is of? */
export const wantsPiece =
  (scope: Scope, watched: ReadonlySet<string>) =>
  (message: LiveMessage): boolean => {
    const piece = message as LivePiece
    if (piece.assetId !== undefined) return watched.has(piece.assetId)
    if (scope.everywhere) return true
    return piece.areas?.some((areaId) => scope.areas.includes(areaId)) ?? false
  }

/** Of the assets asked for, those the actor may see. */
export const watchable = async (
  db: Database<ViewTables>,
  scope: Scope,
  ids: readonly string[],
): Promise<Set<string>> => {
  if (ids.length === 0) return new Set()
  const rows = await db.read((q) =>
    q
      .selectFrom('assets')
      .select('id')
      .where('id', 'in', [...ids])
      .where((eb) => areaInScope(eb, scope, 'assets.areaId', 'assets.contractId'))
      .execute(),
  )
  return new Set(rows.map((row) => row.id))
}

/** Fresh telemetry from memory, for pages that show one asset. Nothing is done while nobody looks. */
export function publishTelemetry(
  live: LiveStream,
  messages: readonly Accepted[],
  resolve: Resolve,
): void {
  if (live.listeners() === 0) return
  for (const message of messages) {
    if (message.channel !== 'telemetry' || message.late) continue
    for (const sample of message.body.samples) {
      const at = sampleAt(sample.at, message.body, message.at)
      for (const [part, values] of Object.entries(sample.parts)) {
        const bound = resolve(message.agentId, sample.unit, part, at)
        if (!bound) continue
        const data = {
          assetId: bound.assetId,
          part: bound.part,
          at: new Date(at).toISOString(),
          values,
        }
        const piece: LivePiece = {
          event: 'telemetry',
          data,
          areas: undefined,
          assetId: bound.assetId,
        }
        live.publish(piece)
      }
    }
  }
}
