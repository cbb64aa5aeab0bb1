import { areaStats } from '../contract/wire/measures.ts'
import type { Database } from '../db/database.ts'
import type { Point } from '../ingest/series.ts'
import { readAreaCounts } from './area-summary.ts'
import type { ViewTables } from './tables.ts'

/** One point per area, with all below it, for the series store: dashboards by area survive moves. */
export async function areaStatPoints(db: Database<ViewTables>, at: number): Promise<Point[]> {
  const counts = await db.read((q) => readAreaCounts(q))
  return [...counts].map(([areaId, sum]) => ({
    measurement: 'area_stats',
    asset: areaId,
    part: '',
    at,
    fields: Object.fromEntries(
      Object.entries(sum).filter(([name]) => Object.hasOwn(areaStats, name)),
    ),
  }))
}
