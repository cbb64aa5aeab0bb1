import { type Clock, days } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { Database } from '../db/database.ts'
import { pruneEvents } from '../db/event-keeping.ts'
import { createJobs, type Jobs } from '../db/jobs.ts'
import { saveMarker } from '../db/meta.ts'
import { pruneRejected } from '../ingest/rejected.ts'
import type { Point, SeriesStore } from '../ingest/series.ts'
import { areaStatPoints } from '../views/area-stats.ts'
import type { HubTables } from './database.ts'

type Options = {
  db: Database<HubTables>
  clock: Clock
  log: Log
  hubId: string
  series: Pick<SeriesStore, 'maintain'>
  writePoints: (points: Point[]) => Promise<void>
  markerFile: string
}

const eventsKeptMs = days(14)

/** What the hub does at set times; each is idempotent and driven by what is stored. */
export function hubJobs(options: Options): {
  jobs: Jobs
  runAreaStats: () => Promise<void>
  runMaintain: () => Promise<void>
} {
  const { db, clock, log, hubId } = options
  const fiveMinutesMs = 300_000
  const runAreaStats = async () => {
    const at = Math.floor(clock.now() / fiveMinutesMs) * fiveMinutesMs
    await options.writePoints(await areaStatPoints(db, at))
  }
  const runMaintain = () => options.series.maintain(clock.now())
  const jobs = createJobs({ db, clock, log, holder: hubId })
  jobs.add({ name: 'area-stats', cron: '*/5 * * * *', catchUp: false, run: runAreaStats })
  jobs.add({ name: 'series-maintain', cron: '2-59/5 * * * *', run: runMaintain })
  jobs.add({
    name: 'prune-rejected',
    cron: '40 18 * * *',
    run: () => pruneRejected(db, clock.now()),
  })
  jobs.add({
    name: 'prune-events',
    cron: '50 18 * * *',
    run: async () => {
      await pruneEvents(db, { olderThan: clock.now() - eventsKeptMs })
    },
  })
  jobs.add({
    name: 'save-marker',
    cron: '*/10 * * * *',
    run: () => saveMarker(db, options.markerFile),
  })
  return { jobs, runAreaStats, runMaintain }
}
