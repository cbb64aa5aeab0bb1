import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { Problem } from '../core/problem.ts'
import { openSeries } from '../ingest/open-series.ts'
import { type Point, type SeriesQuery, type SeriesRow, StoreUnavailable } from '../ingest/series.ts'
import { createSeriesSink } from '../ingest/series-sink.ts'
import { openSpool } from '../ingest/spool.ts'
import { createThinOut } from '../ingest/thin-out.ts'

/** The series store with its spool: writing never waits for an outage, reading says when there is one. */
export async function openTelemetry(options: {
  url: string
  folder: string
  spoolFolder: string
  spoolMaxBytes: number
  clock: Clock
  log: Log
  count: (outcome: string, n: number) => void
}) {
  const { clock, log, count } = options
  const store = await openSeries(options.url, { folder: options.folder, clock, log })
  const spool = await openSpool({
    folder: options.spoolFolder,
    maxBytes: options.spoolMaxBytes,
    log,
  })
  const sink = createSeriesSink({ store, spool, clock, log, count })
  const thinOut = createThinOut()

  const query = async (ask: SeriesQuery): Promise<SeriesRow[]> => {
    try {
      return await store.query(ask)
    } catch (cause) {
      if (!(cause instanceof StoreUnavailable)) throw cause
      throw new Problem('hub.unavailable', 'the series store is away; charts come back with it', {
        cause,
      })
    }
  }
  return {
    /** Thinned: for telemetry of agents. */
    writeTelemetry: (points: Point[]) => sink.write(thinOut.pass(points)),
    /** As it is: for the hub's own figures. */
    write: (points: Point[]) => sink.write(points),
    query,
    maintain: (now: number) => store.maintain(now),
    health: () => store.health(),
    stats: () => sink.stats(),
    stop: async () => {
      await sink.stop()
      await spool.close()
      await store.close()
    },
  }
}
