import type { SQLInputValue } from 'node:sqlite'
import { hours } from '../core/clock.ts'
import type { DirtyHour } from './dirty-hours.ts'
import type { SeriesFile } from './embedded-files.ts'
import { blockMs, columnsOf, levels, quoted, tableOf } from './embedded-schema.ts'
import { floorTo, type Level, rollUpHour, type Sample, type Window } from './roll-up.ts'
import type { Retention } from './series.ts'
import { fieldsOf, measurementNames } from './series-names.ts'

type Kept = Record<Level, number>

/** Start of what each level still holds in full; never moves back, whatever the clock does. */
export function keptFrom(file: SeriesFile): Kept {
  const rows = file.prepare('SELECT level, at FROM kept_from').all()
  const dropped = new Map(rows as unknown as [string, number][])
  return { raw: dropped.get('raw') ?? 0, m5: dropped.get('m5') ?? 0, h1: dropped.get('h1') ?? 0 }
}

function putWindows(
  file: SeriesFile,
  into: { level: 'm5' | 'h1'; measurement: string; series: number },
  windows: Window[],
): void {
  const { level, measurement, series } = into
  const columns = columnsOf(level, fieldsOf(measurement) ?? [])
  const put = file.prepare(
    `INSERT OR REPLACE INTO "${tableOf(level, measurement)}"
     (block, series, offset, ${quoted(columns)}) VALUES (?, ?, ?${', ?'.repeat(columns.length)})`,
  )
  for (const { at, cells } of windows) {
    const block = Math.floor(at / blockMs[level])
    const row: SQLInputValue[] = [block, series, at - block * blockMs[level]]
    for (const cell of cells) {
      if (cell) row.push(cell.mean, cell.min, cell.max, cell.last, cell.count)
      else row.push(null, null, null, null, null)
    }
    put.run(...row)
  }
}

function rollUpSeries(file: SeriesFile, hour: DirtyHour, series: number, samples: Sample[]): void {
  const { m5, h1 } = rollUpHour(samples)
  putWindows(file, { level: 'm5', measurement: hour.measurement, series }, m5)
  putWindows(file, { level: 'h1', measurement: hour.measurement, series }, h1)
}

/** Series of the hour above `after`, each with its raw samples. */
function* samplesBySeries(
  file: SeriesFile,
  hour: DirtyHour,
  where: { text: string; values: number[] },
): Generator<{ series: number; samples: Sample[] }> {
  const read = file.prepare(
    `SELECT series, offset, ${quoted(fieldsOf(hour.measurement) ?? [])}
     FROM "${tableOf('raw', hour.measurement)}"
     WHERE block = ? AND ${where.text} ORDER BY series, offset`,
  )
  let current: { series: number; samples: Sample[] } | undefined
  const block = hour.hourAt / blockMs.raw
  for (const row of read.iterate(block, ...where.values) as unknown as Iterable<number[]>) {
    const [series = 0, offset = 0, ...values] = row
    if (current?.series !== series) {
      if (current) yield current
      current = { series, samples: [] }
    }
    current.samples.push({ at: hour.hourAt + offset, values })
  }
  if (current) yield current
}

/** An hour under way; `after` is the last series that is done. */
export type RollUpJob = { hour: DirtyHour; after: number }

/** Samples after which a step ends, so that writes wait a few hundredths of a second at most. */
const samplesPerStep = 20_000

/** A step of an hour: how many samples it took, and whether the hour is done. */
function rollUpStep(file: SeriesFile, job: RollUpJob, limit: number) {
  let count = 0
  for (const { series, samples } of samplesBySeries(file, job.hour, {
    text: 'series > ?',
    values: [job.after],
  })) {
    rollUpSeries(file, job.hour, series, samples)
    job.after = series
    count += samples.length
    if (count >= limit) return { count, done: false }
  }
  return { count, done: true }
}

function rollUpAssets(file: SeriesFile, hour: DirtyHour, assets: string[]) {
  let count = 0
  for (const { id } of assets.flatMap((asset) => file.seriesOf(hour.measurement, asset))) {
    const found = samplesBySeries(file, hour, { text: 'series = ?', values: [id] })
    for (const { series, samples } of found) {
      rollUpSeries(file, hour, series, samples)
      count += samples.length
    }
  }
  return { count, done: true }
}

function clearMark(file: SeriesFile, hour: DirtyHour): void {
  if (!file.dirty.clear(hour)) return
  file
    .prepare('DELETE FROM dirty_hours WHERE measurement = ? AND hour_at = ?')
    .run(hour.measurement, hour.hourAt)
}

/** What an hour costs besides its samples. */
const samplesPerHour = 100

/**
 * Does hours from the front of the list, as many as fit a step, and takes them off it. They share
 * one transaction: each costs a wait for the disk, and a small hub has many small hours.
 */
export function rollUpSome(file: SeriesFile, jobs: RollUpJob[]): void {
  file.transaction(() => {
    let left = samplesPerStep
    for (let job = jobs[0]; job && left > 0; job = jobs[0]) {
      const { hour } = job
      const { count, done } = hour.assets
        ? rollUpAssets(file, hour, hour.assets)
        : rollUpStep(file, job, left)
      if (!done) return
      left -= count + samplesPerHour
      clearMark(file, hour)
      jobs.shift()
    }
  })
}

/** One edge at a time: SQLite finds it in the key without reading the table. */
export function edgeBlock(
  file: SeriesFile,
  edge: 'min' | 'max',
  level: Level,
  measurement: string,
): number | undefined {
  const read = file.prepare(`SELECT ${edge}(block) FROM "${tableOf(level, measurement)}"`)
  const [row] = read.all() as unknown as [number | null][]
  return row?.[0] ?? undefined
}

/**
 * Age is counted from `now`, but not beyond what was last stored: a clock that jumps years ahead
 * must not empty the store.
 */
function retentionNow(file: SeriesFile, now: number): number {
  const newest = measurementNames.map((name) => edgeBlock(file, 'max', 'raw', name) ?? 0)
  return Math.min(now, (Math.max(...newest) + 1) * blockMs.raw)
}

/** Drops one block that is too old as a whole; false when there is none. */
export function dropNext(file: SeriesFile, now: number, retention: Retention): boolean {
  const agedTo = retentionNow(file, now)
  for (const level of levels) {
    const keepFrom = floorTo(agedTo - retention[level], hours(1))
    for (const name of measurementNames) {
      const oldest = edgeBlock(file, 'min', level, name)
      if (oldest === undefined || (oldest + 1) * blockMs[level] > keepFrom) continue
      file.transaction(() => {
        file.prepare(`DELETE FROM "${tableOf(level, name)}" WHERE block = ?`).run(oldest)
        file
          .prepare(
            `INSERT INTO kept_from (level, at) VALUES (?, ?)
             ON CONFLICT (level) DO UPDATE SET at = max(at, excluded.at)`,
          )
          .run(level, (oldest + 1) * blockMs[level])
      })
      return true
    }
  }
  return false
}
