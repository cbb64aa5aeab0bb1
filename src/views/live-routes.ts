import { z } from 'zod'
import type { Clock } from '../core/clock.ts'
import type { Database } from '../db/database.ts'
import { readEvents } from '../db/events.ts'
import type { LiveMessage, LiveStream } from '../http/live.ts'
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

type Stream = { write: (message: LiveMessage) => void; wants: (message: LiveMessage) => boolean }

/** What a page missed since `from`, or `reset` when it does better to read everything again. */
async function catchUp(
  { db, lineage }: Ports,
  { write, wants }: Stream,
  { from, head }: { from: number | undefined; head: number },
): Promise<void> {
  if (from === undefined || head - from > replayAtMost)
    return write({ id: `${lineage}:${head}`, event: 'reset', data: {} })
  const events = await readEvents(db, from, replayAtMost)
  const missed = events.filter((event) => event.seq <= head)
  for (const piece of await toLive(db, lineage, missed)) if (wants(piece)) write(piece)
}

/** The last known telemetry of the watched assets. */
async function snapshot({ db }: Ports, watched: ReadonlySet<string>, write: Stream['write']) {
  const around = await db.read((q) => readAround(q, [...watched]))
  for (const [assetId, [binding]] of around.bindings) {
    const state = binding && around.units.get(`${binding.agentId}/${binding.unit}`)?.[binding.part]
    if (!binding || !state) continue
    const { values } = state
    const at = new Date(state.at).toISOString()
    write({ event: 'telemetry', data: { assetId, part: binding.assetPart, at, values } })
  }
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
      config: { permission: 'asset:read' },
      schema: {
        tags: ['live'],
        description:
          'Server-sent events: `event` is the kind, `id` is `lineage:seq`, `data` a LiveEvent. ' +
          'The hub ends a stream now and then; come back with Last-Event-ID.',
        querystring: z.object({ assets: z.string().max(2000).optional() }),
        response: {
          200: {
            description: 'The stream',
            content: { 'text/event-stream': { schema: z.string() } },
          },
        },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const scope = actor.scope('asset:read')
      const ids = (request.query.assets ?? '').split(',').filter(Boolean).slice(0, 50)
      const watched = await watchable(db, scope, ids)
      const wants = wantsPiece(actor, watched)
      const from = placeOf(request.headers['last-event-id'], lineage)
      const head = ports.seq()
      const { userId } = actor
      const stream = live.open(reply, { userId, everywhere: scope.everywhere, watched, wants })
      try {
        await catchUp(ports, { write: stream.write, wants }, { from, head })
        await snapshot(ports, watched, stream.write)
      } catch (err) {
        // The answer has begun: ending it is all that can be said, and the page comes back.
        request.log.warn({ err, requestId: request.id }, 'a live stream could not begin')
        stream.end()
      }
      return reply
    },
  )
}
