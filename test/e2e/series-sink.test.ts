import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createManualClock, days, hours, minutes, seconds } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { openSeries } from '../../src/ingest/open-series.ts'
import type { Point, SeriesStore } from '../../src/ingest/series.ts'
import { createSeriesSink, type SinkCount } from '../../src/ingest/series-sink.ts'
import { openSpool } from '../../src/ingest/spool.ts'
import { startInfluxd } from '../support/influxd.ts'
import { requirePart } from '../support/real-parts.ts'
import { until } from '../support/until.ts'

const program = requirePart('influxd')
const undo: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one()
})

const camerasEach = 40

/** One report a minute: each camera of a recorder. */
const report = (at: number): Point[] =>
  Array.from({ length: camerasEach }, (_, n) => ({
    measurement: 'camera',
    asset: `cam-${n}`,
    part: '',
    at,
    fields: { online: 1, bitrate_kbps: at % 5000 },
  }))

/** Remembers the order in which batches reach the real store. */
function watched(store: SeriesStore): { store: SeriesStore; newest: number[] } {
  const newest: number[] = []
  return {
    newest,
    store: {
      ...store,
      write: async (points) => {
        const result = await store.write(points)
        newest.push(Math.max(...points.map((point) => point.at)))
        return result
      },
    },
  }
}

describe.runIf(program)('the sink over an outage of a real influxd', () => {
  it('loses nothing in an hour, sends what is new first and the rest at its pace', async () => {
    const influxd = await startInfluxd(program ?? '')
    undo.push(() => influxd.remove())
    const folder = mkdtempSync(join(tmpdir(), 'ansang-sink-'))
    undo.push(() => rmSync(folder, { recursive: true, force: true }))
    const start = Math.floor(Date.now() / hours(1)) * hours(1) - hours(3)
    const clock = createManualClock(start)
    const log = silentLog
    const opened = await openSeries(influxd.url('ansang'), { folder, clock, log })
    const { store, newest } = watched(opened)
    const spool = await openSpool({ folder: join(folder, 'spool'), log })
    const counted: Partial<Record<SinkCount, number>> = {}
    const sink = createSeriesSink({
      store,
      spool,
      clock,
      log,
      count: (name, n) => {
        counted[name] = (counted[name] ?? 0) + n
      },
      drainPointsPerSecond: 400,
    })
    undo.push(async () => {
      await sink.stop()
      await spool.close()
      await opened.close()
    })
    const times: number[] = []
    const liveMinute = async () => {
      await clock.live(minutes(1))
      times.push(clock.now())
      await sink.write(report(clock.now()))
    }

    for (let n = 0; n < 5; n++) await liveMinute()
    expect(sink.stats()).toMatchObject({ state: 'ok', stored: 5 * camerasEach, spooled: 0 })

    await influxd.stop('SIGKILL')
    for (let n = 0; n < 60; n++) await liveMinute()
    expect(sink.stats()).toMatchObject({ state: 'away', spooled: 60 * camerasEach, lost: 0 })
    expect(counted).toMatchObject({ outages: 1 })

    await influxd.start()
    const before = newest.length
    await until(
      async () => {
        await clock.live(seconds(1))
        return (await store.health()).ok && sink.stats().spool.bytes > 0
      },
      { what: 'the store to answer' },
    )
    await until(
      async () => {
        times.push(clock.now())
        await sink.write(report(clock.now()))
        await clock.live(seconds(1))
        return sink.stats().state === 'ok'
      },
      { what: 'the sink to see the store' },
    )
    const firstLive = newest[before] ?? 0
    expect(firstLive, 'the first batch after the return is a new one').toBeGreaterThan(
      start + minutes(65),
    )

    const drainBegan = clock.now()
    await until(
      async () => {
        await clock.live(seconds(1))
        return sink.stats().spool.bytes === 0
      },
      { what: 'the spool to drain', timeoutMs: 60_000, everyMs: 1 },
    )
    const spooled = sink.stats().spooled
    expect(sink.stats()).toMatchObject({ drained: spooled, lost: 0, refused: 0, outages: 1 })
    expect(clock.now() - drainBegan).toBeLessThan(hours(1))

    for (const camera of [0, camerasEach - 1]) {
      const rows = await store.query({
        measurement: 'camera',
        asset: `cam-${camera}`,
        fields: ['bitrate_kbps'],
        from: start,
        to: start + days(1),
      })
      expect(rows.map((row) => row.at)).toEqual([...new Set(times)].sort((a, b) => a - b))
      expect(rows.every((row) => row.values['bitrate_kbps'] === row.at % 5000)).toBe(true)
    }
    await store.maintain(clock.now() + hours(2))
    const question = { measurement: 'camera', asset: 'cam-3', fields: ['online'], from: start }
    const hoursRows = await store.query({ ...question, to: start + days(1), everyMs: hours(1) })
    expect(hoursRows.every((row) => row.values['online'] === 1)).toBe(true)
  })
})
