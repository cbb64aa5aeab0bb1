import { type Clock, seconds } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createLoop } from '../core/loop.ts'
import { type Point, type Refusal, type SeriesStore, StoreUnavailable } from './series.ts'
import type { Spool, SpoolBatch, SpoolStats } from './spool.ts'
import { createStorePresence } from './store-presence.ts'

/**
 * Between the journal's series reader and the store. `write` resolves when the points are safe:
 * in the store, or in the spool while the store is away. It never waits for an outage to end and
 * never throws for one. When the store returns, what is new goes straight to it; what was spooled
 * follows at a bounded pace. What neither takes is counted as lost, and said once.
 */
export type SeriesSink = {
  write: (points: Point[]) => Promise<void>
  stats: () => SinkStats
  stop: () => Promise<void>
}

/** Names handed to `count`. */
export type SinkCount = 'stored' | 'refused' | 'spooled' | 'drained' | 'lost' | 'outages'

/** `reason`: why the store is away. */
export type SinkStats = Record<SinkCount, number> & {
  state: 'ok' | 'away'
  reason: string | undefined
  spool: SpoolStats
}

export type SinkOptions = {
  store: SeriesStore
  spool: Spool
  clock: Clock
  log: Log
  count: (name: SinkCount, n: number) => void
  /** Where refused points are kept; without it they are only counted. */
  onRefused?: (refused: Refusal[]) => void
  /** Pace of the spool lane. */
  drainPointsPerSecond?: number
  /** How often a store that is away is asked. */
  probeMs?: number
  /** The spool lane starts with the first live batch after a return, or after this long. */
  liveFirstMs?: number
}

/** How often a spooled batch may fail for other reasons than an outage. */
const mostAttempts = 3

function createTally(count: SinkOptions['count']) {
  const total = { stored: 0, refused: 0, spooled: 0, drained: 0, lost: 0, outages: 0 }
  const add = (name: SinkCount, n: number) => {
    if (n === 0) return
    total[name] += n
    count(name, n)
  }
  return { total, add }
}

/** Points to the spool; what it does not take is lost, which is said when it begins and ends. */
function createSpoolLane({ spool, log }: SinkOptions, add: (name: SinkCount, n: number) => void) {
  let losing = false
  return async (points: Point[]): Promise<void> => {
    const kept = await spool.append(points)
    add(kept ? 'spooled' : 'lost', points.length)
    if (!kept && !losing) log.error({ spool: spool.stats() }, 'series points are being lost')
    if (kept && losing) log.info({ spool: spool.stats() }, 'spool takes series points again')
    losing = !kept
  }
}

export function createSeriesSink(options: SinkOptions): SeriesSink {
  const { store, spool, clock, log, drainPointsPerSecond = 20_000 } = options
  const { probeMs = seconds(5), liveFirstMs = seconds(10) } = options
  const { total, add } = createTally(options.count)
  const toSpool = createSpoolLane(options, add)
  const presence = createStorePresence({ clock, log, probeMs, liveFirstMs, add })
  let attempts = 0

  const toStore = async (points: Point[], name: 'stored' | 'drained') => {
    const { stored, refused } = await store.write(points)
    presence.wrote(name === 'stored' ? 'live' : 'spool')
    add(name, stored)
    add('refused', refused.length)
    if (refused.length === 0) return
    options.onRefused?.(refused)
    log.debug({ refused: refused.length, reason: refused[0]?.reason }, 'series points refused')
  }
  /** False when the batch stays in the spool. */
  const drain = async ({ points, done }: SpoolBatch): Promise<boolean> => {
    try {
      await toStore(points, 'drained')
    } catch (error) {
      if (error instanceof StoreUnavailable) return presence.failed(error)
      attempts += 1
      log.error({ err: error, attempts }, 'a spooled batch fails')
      if (attempts < mostAttempts) return false
      add('lost', points.length)
    }
    attempts = 0
    await done()
    return true
  }
  const turn = async (signal: AbortSignal): Promise<boolean> => {
    if (presence.shouldAsk()) presence.answered(await store.health())
    if (!presence.mayDrain()) return false
    const batch = await spool.next()
    if (!batch || !(await drain(batch))) return false
    await clock.sleep((batch.points.length / drainPointsPerSecond) * 1000, signal)
    return !signal.aborted
  }
  const loop = createLoop({ name: 'series spool', clock, log, idleMs: probeMs, turn })

  const live = async (points: Point[]): Promise<boolean> => {
    const waited = !presence.mayDrain()
    try {
      await toStore(points, 'stored')
    } catch (error) {
      return presence.failed(error)
    }
    if (waited) loop.wake()
    return true
  }
  return {
    write: async (points) => {
      if (points.length === 0) return
      const safe = presence.mayWrite() && (await live(points))
      if (!safe) await toSpool(points)
    },
    stats: () => ({ ...total, ...presence.stats(), spool: spool.stats() }),
    stop: () => loop.stop(),
  }
}
