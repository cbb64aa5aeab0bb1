import type { SQLInputValue } from 'node:sqlite'
import { type BatchGroup, keySeparator, splitKey } from './embedded-batch.ts'
import type { SeriesFile } from './embedded-files.ts'
import { blockMs, quoted, tableOf } from './embedded-schema.ts'
import { fieldsOf } from './series-names.ts'

/** A point again: fields it brings win, the others stay. */
function upsertText(measurement: string): string {
  const fields = fieldsOf(measurement) ?? []
  const merged = fields.map((f) => `"${f}" = coalesce(excluded."${f}", "${f}")`).join(', ')
  return `INSERT INTO "${tableOf('raw', measurement)}" (block, series, offset, ${quoted(fields)})
    VALUES (?, ?, ?${', ?'.repeat(fields.length)})
    ON CONFLICT (block, series, offset) DO UPDATE SET ${merged}`
}

function markDirty(file: SeriesFile, measurement: string, at: number, key: string): void {
  const row = file.dirty.touch(measurement, at, splitKey(key).asset)
  if (!row) return
  file
    .prepare('INSERT OR IGNORE INTO dirty_hours (measurement, hour_at, asset) VALUES (?, ?, ?)')
    .run(row.measurement, row.hourAt, row.asset)
}

function writeGroup(file: SeriesFile, { measurement, keys, at, values }: BatchGroup): void {
  const upsert = file.prepare(upsertText(measurement))
  const width = values.length === 0 ? 0 : (fieldsOf(measurement)?.length ?? 0)
  const row: SQLInputValue[] = new Array(width + 3).fill(null)
  const names = keys.split(keySeparator)
  for (let n = 0; n < at.length; n++) {
    const when = at[n] ?? 0
    const key = names[n] ?? ''
    const block = Math.floor(when / blockMs.raw)
    row[0] = block
    row[1] = file.seriesId(measurement, key)
    row[2] = when - block * blockMs.raw
    for (let i = 0; i < width; i++) {
      const value = values[n * width + i] ?? Number.NaN
      row[3 + i] = Number.isNaN(value) ? null : value
    }
    upsert.run(...row)
    markDirty(file, measurement, when, key)
  }
}

/** Stores a whole batch in one durable transaction, with the hours it makes dirty. */
export function writeBatch(file: SeriesFile, groups: BatchGroup[]): void {
  file.transaction(() => {
    for (const group of groups) writeGroup(file, group)
  })
}
