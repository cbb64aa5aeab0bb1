import { z } from 'zod'
import { Id, pageOf } from '../contract/api/common.ts'
import { AreaSummary, SeriesAnswer, SeriesQuery } from '../contract/api/operations.ts'
import { Agent, AgentQuery, Asset, AssetDetail, AssetQuery } from '../contract/api/register.ts'
import { measures } from '../contract/wire/measures.ts'
import { type Clock, seconds } from '../core/clock.ts'
import { Problem } from '../core/problem.ts'
import type { Database } from '../db/database.ts'
import { type App, actorOf } from '../http/server.ts'
import type { SeriesStore } from '../ingest/series.ts'
import { listAgents } from './agent-list.ts'
import { type AreaCounts, areaSummaries, readAreaCounts } from './area-summary.ts'
import { assetDetail } from './asset-detail.ts'
import { listAssets, visibleAssets } from './asset-list.ts'
import type { ViewTables } from './tables.ts'

type Ports = { db: Database<ViewTables>; clock: Clock; series: Pick<SeriesStore, 'query'> }

const params = z.object({ id: Id })
const countsFreshMs = seconds(5)

/** Counting the whole province is the same for everybody: done at most each few seconds. */
function createCounts({ db, clock }: Ports) {
  let last: { at: number; counts: Promise<Map<string, AreaCounts>> } | undefined
  return () => {
    const now = clock.now()
    if (last && now - last.at < countsFreshMs && now >= last.at) return last.counts
    const counts = db.read((q) => readAreaCounts(q))
    last = { at: now, counts }
    counts.catch(() => {
      last = undefined
    })
    return counts
  }
}

function seriesRoute(app: App, { db, series }: Ports): void {
  app.get(
    '/api/v1/assets/:id/series',
    {
      config: { permission: 'asset:read' },
      schema: {
        tags: ['assets'],
        params,
        querystring: SeriesQuery,
        response: { 200: SeriesAnswer },
      },
    },
    async (request) => {
      const { id } = request.params
      const scope = actorOf(request).scope('asset:read')
      const found = await db.read((q) =>
        visibleAssets(q, scope).where('assets.id', '=', id).executeTakeFirst(),
      )
      if (!found) throw new Problem('register.not-found', `there is no asset ${id}`)
      const { measurement, fields, part, everyMs, aggregate } = request.query
      // Figures of areas stand in the same store: an asset with the id of an area must not read them.
      if (!Object.hasOwn(measures, measurement))
        throw new Problem('request.invalid', 'no such measurement')
      const rows = await series.query({
        measurement,
        asset: id,
        fields: fields.split(','),
        from: Date.parse(request.query.from),
        to: Date.parse(request.query.to),
        ...(part === undefined ? {} : { part }),
        ...(everyMs === undefined ? {} : { everyMs }),
        ...(aggregate === undefined ? {} : { aggregate }),
      })
      return { rows: rows.map((row) => ({ ...row, at: new Date(row.at).toISOString() })) }
    },
  )
}

export function viewRoutes(app: App, ports: Ports): void {
  const { db, clock } = ports
  const counts = createCounts(ports)
  app.get(
    '/api/v1/assets',
    {
      config: { permission: 'asset:read' },
      schema: { tags: ['assets'], querystring: AssetQuery, response: { 200: pageOf(Asset) } },
    },
    (request) => db.read((q) => listAssets(q, actorOf(request).scope('asset:read'), request.query)),
  )
  app.get(
    '/api/v1/assets/:id',
    {
      config: { permission: 'asset:read' },
      schema: { tags: ['assets'], params, response: { 200: AssetDetail } },
    },
    (request) =>
      db.read((q) =>
        assetDetail(q, actorOf(request).scope('asset:read'), {
          id: request.params.id,
          now: clock.now(),
        }),
      ),
  )
  app.get(
    '/api/v1/areas/summary',
    {
      config: { permission: 'asset:read' },
      schema: { tags: ['areas'], response: { 200: z.array(AreaSummary) } },
    },
    async (request) => {
      const scope = actorOf(request).scope('asset:read')
      const all = await counts()
      return db.read((q) => areaSummaries(q, scope, all))
    },
  )
  app.get(
    '/api/v1/agents',
    {
      config: { permission: 'agent:read' },
      schema: { tags: ['agents'], querystring: AgentQuery, response: { 200: pageOf(Agent) } },
    },
    (request) => db.read((q) => listAgents(q, actorOf(request).scope('agent:read'), request.query)),
  )
  seriesRoute(app, ports)
}
