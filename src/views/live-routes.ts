import { z } from 'zod'
import type { Clock } from '../core/clock.ts'
import type { Database } from '../db/database.ts'
import { readEvents } from '../db/events.ts'
import type { LiveStream } from '../http/live.ts'
import { type App, actorOf } from '../http/server.ts'
import { readAround } from './around.ts'
import { toLive, wantsPiece, watchable } from './live-feed.ts'
import type { ViewTables } from './tables.ts'

type Ports = {
  db: Database<ViewTables>
  live: LiveStream
  lineage: string
  clock: Clock
  /** The last event published live. */
  seq: () => number
}

/** More than this behind, a page does better to read everything again. */
const replayAtMost = 1000

/** Where a reconnecting page stopped; undefined when that place means nothing here any more. */
function placeOf(lastEventId: unknown, lineage: string): number | undefined {
  if (typeof lastEventId !== 'string') return undefined
  const colon = lastEventId.lastIndexOf(':')
  const seq = Number(lastEventId.slice(colon + 1))
  return lastEventId.slice(0, colon) === lineage && Number.isSafeInteger(seq) ? seq : undefined
}

/**
 * The live stream. Events carry `lineage:seq`, so a page that comes back gets what it missed, or
 * `reset` when that is too much or of another history. `assets` asks for telemetry of single
 * assets, which begins with a snapshot.
 */
export function liveRoutes(app: App, ports: Ports): void {
  const { db, live, lineage } = ports
  app.get(
    '/api/v1/live',
    {
      config: { permission: 'signed-in' },
      schema: {
        tags: ['live'],
        description: 'Server-sent events',
        querystring: z.object({ assets: z.string().max(2000).optional() }),
      },
    },
    async (request, reply) => {
      const scope = actorOf(request).scope('asset:read')
      const ids = (request.query.assets ?? '').split(',').filter(Boolean).slice(0, 50)
      const watched = await watchable(db, scope, ids)
      const wants = wantsPiece(scope, watched)
      const from = placeOf(request.headers['last-event-id'], lineage)
      const head = ports.seq()
      const write = live.open(reply, wants)
      if (from === undefined || head - from > replayAtMost) {
        write({ id: `${lineage}:${head}`, event: 'reset', data: {} })
      } else {
        const missed = (await readEvents(db, from, replayAtMost)).filter(
          (event) => event.seq <= head,
        )
        for (const piece of await toLive(db, lineage, missed)) if (wants(piece)) write(piece)
      }
      const around = await db.read((q) => readAround(q, [...watched]))
      for (const [assetId, [binding]] of around.bindings) {
        const state =
          binding && around.units.get(`${binding.agentId}/${binding.unit}`)?.[binding.part]
        if (!binding || !state) continue
        const data = {
          assetId,
          part: binding.assetPart,
          at: new Date(state.at).toISOString(),
          values: state.values,
        }
        write({ event: 'telemetry', data })
      }
      return reply
    },
  )
}
