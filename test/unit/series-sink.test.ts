import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createManualClock, minutes, seconds } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { type Point, type SeriesStore, StoreUnavailable } from '../../src/ingest/series.ts'
import { createSeriesSink, type SinkOptions } from '../../src/ingest/series-sink.ts'
import type { Spool } from '../../src/ingest/spool.ts'
import { until } from '../support/until.ts'

const points = (n: number, size = 10): Point[] =>
  Array.from({ length: size }, (_, i) => ({
    measurement: 'ups',
    asset: 'u',
    part: '',
    at: n * 1000 + i,
    fields: { in_v: n },
  }))

/** A spool in memory with room for `most` batches. */
function memorySpool(most = 1000): Spool & { batches: Point[][] } {
  const batches: Point[][] = []
  return {
    batches,
    append: async (batch) => batches.length < most && batches.push(batch) > 0,
    next: async () => {
      const [first] = batches
      return first && { points: first, done: async () => void batches.shift() }
    },
    stats: () => ({ bytes: batches.length, segments: 1, full: batches.length >= most, damaged: 0 }),
    close: async () => {},
  }
}

function setUp(extra: Partial<SinkOptions> & { room?: number } = {}) {
  const clock = createManualClock(0)
  const lines: { level: number; msg: string }[] = []
  const to = new Writable({
    write: (text, _, done) => {
      lines.push(JSON.parse(String(text)))
      done()
    },
  })
  const world = { fail: undefined as Error | undefined, healthy: true, arrived: [] as Point[][] }
  const asked = { write: 0 }
  const store: SeriesStore = {
    write: async (batch) => {
      asked.write += 1
      if (world.fail) throw world.fail
      world.arrived.push(batch)
      return { stored: batch.length, refused: [] }
    },
    health: async () => ({ ok: world.healthy }),
    query: async () => [],
    maintain: async () => {},
    close: async () => {},
  }
  const spool = memorySpool(extra.room)
  const counts: Record<string, number> = {}
  const sink = createSeriesSink({
    store,
    spool,
    clock,
    log: createLog({ level: 'info', to }),
    count: (name, n) => {
      counts[name] = (counts[name] ?? 0) + n
    },
    drainPointsPerSecond: 10,
    ...extra,
  })
  const said = (msg: string) => lines.filter((line) => line.msg === msg)
  const down = (error: Error) => {
    world.fail = error
    world.healthy = false
  }
  const up = () => {
    world.fail = undefined
    world.healthy = true
  }
  return { clock, world, spool, counts, sink, said, lines, asked, down, up }
}

const network = new StoreUnavailable('network', 'connect ECONNREFUSED')

describe('series sink', () => {
  it('spools at once while the store is away, without asking it for each batch', async () => {
    const { sink, down, spool, asked, counts, said } = setUp()
    await sink.write(points(1))
    down(network)
    for (let n = 2; n < 12; n++) await sink.write(points(n))
    expect(asked.write).toBe(2)
    expect(spool.batches).toHaveLength(10)
    expect(counts).toEqual({ stored: 10, spooled: 100, outages: 1 })
    expect(sink.stats()).toMatchObject({ state: 'away', reason: network.message })
    expect(said('series store is away, spooling')).toHaveLength(1)
    await sink.stop()
  })

  it('sends new points first when the store returns, then the spool at its pace', async () => {
    const { sink, down, up, clock, world, spool, said } = setUp()
    down(network)
    for (let n = 1; n <= 6; n++) await sink.write(points(n))
    up()
    await clock.live(seconds(6))
    expect(world.arrived).toEqual([])
    await sink.write(points(7))
    expect(world.arrived).toEqual([points(7)])
    expect(said('series store is back')).toHaveLength(1)
    await clock.live(seconds(1))
    // Ten points a second and ten points a batch: one batch a second.
    const seen: number[] = []
    for (let n = 0; n < 3; n++) {
      seen.push(world.arrived.length)
      await clock.live(seconds(1))
    }
    expect(seen.map((count, i) => count - (seen[0] ?? 0) - i)).toEqual([0, 0, 0])
    await sink.write(points(8))
    expect(world.arrived.at(-1)).toEqual(points(8))
    await until(async () => {
      await clock.live(seconds(1))
      return spool.batches.length === 0
    })
    expect(sink.stats()).toMatchObject({ stored: 20, drained: 60, lost: 0, state: 'ok' })
    await sink.stop()
  })

  it('drains without live points after a while', async () => {
    const { sink, down, up, clock, spool } = setUp()
    down(network)
    await sink.write(points(1))
    up()
    await clock.live(seconds(14))
    expect(spool.batches).toHaveLength(1)
    await clock.live(seconds(10))
    expect(spool.batches).toHaveLength(0)
    expect(sink.stats().state).toBe('ok')
    await sink.stop()
  })

  it('drains what a former run left', async () => {
    const { sink, clock, spool } = setUp()
    await spool.append(points(1))
    await sink.write(points(2))
    await clock.live(seconds(6))
    expect(spool.batches).toHaveLength(0)
    await sink.stop()
  })

  it('tries a store that only looks healthy less and less often, and says it once', async () => {
    const { sink, world, clock, asked, counts, said } = setUp()
    world.fail = new StoreUnavailable('server', '500: no space left on device')
    for (let n = 0; n < 60 * 12; n++) {
      await sink.write(points(n, 1))
      await clock.live(seconds(5))
    }
    // An hour of five-second probes would be 720.
    expect(asked.write).toBeLessThan(70)
    expect(asked.write).toBeGreaterThan(30)
    expect(counts['outages']).toBe(1)
    expect(counts['spooled']).toBe(720)
    expect(said('series store is away, spooling')).toHaveLength(1)
    expect(said('series store is back')).toHaveLength(0)
    await sink.stop()
  })

  it('goes back to spooling when the store leaves while the spool drains', async () => {
    const { sink, down, up, clock, world, spool, counts } = setUp()
    down(network)
    for (let n = 1; n <= 5; n++) await sink.write(points(n))
    up()
    await clock.live(seconds(6))
    await sink.write(points(6))
    await clock.live(seconds(2))
    down(network)
    await clock.live(seconds(3))
    const left = spool.batches.length
    expect(left).toBeGreaterThan(0)
    expect(counts['outages']).toBe(2)
    await sink.write(points(7))
    expect(spool.batches).toHaveLength(left + 1)
    up()
    await until(async () => {
      await clock.live(minutes(1))
      return spool.batches.length === 0
    })
    expect(world.arrived.flat()).toHaveLength(70)
    await sink.stop()
  })

  it('counts what neither store nor spool takes, and says it once', async () => {
    const { sink, down, counts, said } = setUp({ room: 2 })
    down(network)
    for (let n = 1; n <= 5; n++) await sink.write(points(n))
    expect(counts).toMatchObject({ spooled: 20, lost: 30 })
    expect(said('series points are being lost')).toHaveLength(1)
    await sink.stop()
  })

  it('is loud about what somebody must correct', async () => {
    const { sink, down, said } = setUp()
    down(new StoreUnavailable('credentials', 'authorization failed'))
    await sink.write(points(1))
    expect(said('series store is away, spooling').map((line) => line.level)).toEqual([50])
    await sink.stop()
  })

  it('gives up a batch that fails again and again although the store is there', async () => {
    const { sink, world, clock, spool, counts } = setUp()
    world.fail = new TypeError('a bug')
    await sink.write(points(1))
    expect(spool.batches).toHaveLength(1)
    await until(async () => {
      await clock.live(minutes(1))
      return spool.batches.length === 0
    })
    expect(counts['lost']).toBe(10)
    await sink.stop()
  })

  it('hands refused points over and counts them', async () => {
    const refused = [{ point: points(1, 1)[0] as Point, reason: 'field type conflict' }]
    const seen: unknown[] = []
    const clock = createManualClock(0)
    const { counts } = setUp()
    const sink = createSeriesSink({
      store: {
        write: async () => ({ stored: 9, refused }),
        health: async () => ({ ok: true }),
        query: async () => [],
        maintain: async () => {},
        close: async () => {},
      },
      spool: memorySpool(),
      clock,
      log: createLog({ level: 'silent' }),
      count: (name, n) => {
        counts[name] = (counts[name] ?? 0) + n
      },
      onRefused: (some) => seen.push(some),
    })
    await sink.write(points(1))
    expect(counts).toEqual({ stored: 9, refused: 1 })
    expect(seen).toEqual([refused])
    await sink.stop()
  })
})
