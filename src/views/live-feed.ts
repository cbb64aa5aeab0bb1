import type { z } from 'zod'
import { areaInScope } from '../areas/scope.ts'
import type { Permission } from '../contract/api/access.ts'
import type { LiveEvent } from '../contract/api/operations.ts'
import type { Accepted } from '../contract/wire/accepted.ts'
import { sampleAt } from '../contract/wire/accepted.ts'
import { inChunks } from '../db/chunks.ts'
import type { Database } from '../db/database.ts'
import type { EventRow } from '../db/events.ts'
import type { Actor, Scope } from '../http/actor.ts'
import type { LiveMessage, LiveReader, LiveStream } from '../http/live.ts'
import type { ViewTables } from './tables.ts'

type Resolve = (
  agentId: string,
  unit: string,
  part: string,
  at: number,
) => { assetId: string; part: string } | undefined

/** Where the asset an event is about stands: every area around it, the nearest first. */
type Whereabouts = { areas: readonly string[]; contractId: string | null }

/** An event on its way to browsers; telemetry names its asset. */
export type LivePiece = LiveMessage & { where: Whereabouts | undefined; assetId?: string }

/** Subjects of these events are assets; an agent's asset has the agent's id. */
const aboutAssets = ['asset.', 'agent.', 'twin.']

const assetOf = (event: EventRow): string | undefined => {
  const { assetId } = event.data
  if (typeof assetId === 'string') return assetId
  return aboutAssets.some((room) => event.kind.startsWith(room)) ? event.subject : undefined
}

async function whereaboutsOf(
  db: Database<ViewTables>,
  assetIds: string[],
): Promise<Map<string, Whereabouts>> {
  if (assetIds.length === 0) return new Map()
  const pages = await db.read((q) =>
    inChunks(assetIds, (ids) =>
      q
        .selectFrom('assets')
        .innerJoin('areaClosure', 'areaClosure.areaId', 'assets.areaId')
        .select(['assets.id', 'assets.contractId', 'areaClosure.ancestorId'])
        .where('assets.id', 'in', ids)
        .orderBy('areaClosure.depth')
        .execute(),
    ),
  )
  const found = new Map<string, Whereabouts>()
  for (const { id, contractId, ancestorId } of pages.flat())
    found.set(id, { contractId, areas: [...(found.get(id)?.areas ?? []), ancestorId] })
  return found
}

/** Events as live messages; what has no place is for those who may see everything. */
export async function toLive(
  db: Database<ViewTables>,
  lineage: string,
  events: readonly EventRow[],
): Promise<LivePiece[]> {
  const assetIds = [...new Set(events.flatMap((event) => assetOf(event) ?? []))]
  const places = await whereaboutsOf(db, assetIds)
  return events.map((event) => {
    const where = places.get(assetOf(event) ?? '')
    const data: z.infer<typeof LiveEvent> = {
      kind: event.kind,
      subject: event.subject,
      at: new Date(event.at).toISOString(),
      areaId: where?.areas[0] ?? null,
      data: event.data,
    }
    return { id: `${lineage}:${event.seq}`, event: event.kind, data, where }
  })
}

/** Rooms whose events tell of what not everybody may read. */
const needs: Record<string, Permission> = { user: 'user:read', notify: 'notify:read' }

/** May this actor see the piece, and does it watch the asset telemetry is of? */
export function wantsPiece(actor: Pick<Actor, 'may' | 'scope'>, watched: ReadonlySet<string>) {
  const scope = actor.scope('asset:read')
  return (message: LiveMessage): boolean => {
    const { assetId, event, where } = message as LivePiece
    if (assetId !== undefined) return watched.has(assetId)
    const room = event.split('.')[0] ?? ''
    const needed = Object.hasOwn(needs, room) ? needs[room] : undefined
    if (needed && !actor.may(needed)) return false
    if (scope.everywhere) return true
    if (!where) return false
    return (
      where.areas.some((areaId) => scope.areas.includes(areaId)) ||
      (where.contractId !== null && scope.contracts.includes(where.contractId))
    )
  }
}

/** After this event the reader's rights, or the place of what it watches, may be others. */
export const mayChangeRights =
  ({ kind, subject, data }: Pick<EventRow, 'kind' | 'subject' | 'data'>) =>
  (reader: LiveReader): boolean => {
    if (kind === 'user.changed') return reader.userId === subject
    if (kind === 'area.changed') return !reader.everywhere
    if (kind !== 'asset.changed' || data['moved'] !== true) return false
    return !reader.everywhere && reader.watched.has(subject)
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
          where: undefined,
          assetId: bound.assetId,
        }
        live.publish(piece)
      }
    }
  }
}
