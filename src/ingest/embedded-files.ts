import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { createDirtyHours, type DirtyHours, type MarkRow } from './dirty-hours.ts'
import { seriesKey } from './embedded-batch.ts'
import { prepareSchema } from './embedded-schema.ts'

/** The open file of the embedded store, as the parts of the worker share it. */
export type SeriesFile = {
  db: DatabaseSync
  dirty: DirtyHours
  /** A statement by its text, prepared once; rows come as arrays. */
  prepare: (sql: string) => StatementSync
  /** Runs `work` in one durable transaction. */
  transaction: <T>(work: () => T) => T
  /** Number of a series, made when it is new. */
  seriesId: (measurement: string, key: string) => number
  seriesOf: (measurement: string, asset: string) => { id: number; part: string }[]
  close: () => void
}

function createSeriesIds(prepare: SeriesFile['prepare']) {
  const known = new Map<string, Map<string, number>>()
  const load = (measurement: string): Map<string, number> => {
    const ids = new Map<string, number>()
    const rows = prepare('SELECT id, asset, part FROM series WHERE measurement = ?')
    for (const row of rows.iterate(measurement) as unknown as Iterable<[number, string, string]>) {
      ids.set(seriesKey(row[1], row[2]), row[0])
    }
    known.set(measurement, ids)
    return ids
  }
  return {
    find: (measurement: string, key: string): number => {
      const ids = known.get(measurement) ?? load(measurement)
      const found = ids.get(key)
      if (found !== undefined) return found
      const [asset, part] = key.split('\n') as [string, string]
      const add = prepare('INSERT INTO series (measurement, asset, part) VALUES (?, ?, ?)')
      const id = Number(add.run(measurement, asset, part).lastInsertRowid)
      ids.set(key, id)
      return id
    },
    /** After a rollback some of the numbers were never stored. */
    forget: () => known.clear(),
  }
}

const loadDirty = (db: DatabaseSync): DirtyHours => {
  const rows = db.prepare('SELECT measurement, hour_at AS hourAt, asset FROM dirty_hours').all()
  return createDirtyHours(rows as unknown as MarkRow[])
}

/** Opens or makes the file. Throws what SQLite throws. */
export function openSeriesFile(path: string): SeriesFile {
  mkdirSync(dirname(path), { recursive: true })
  const db = new DatabaseSync(path, { timeout: 5000 })
  prepareSchema(db)
  const statements = new Map<string, StatementSync>()
  const prepare: SeriesFile['prepare'] = (sql) => {
    const found = statements.get(sql)
    if (found) return found
    const made = db.prepare(sql)
    made.setReturnArrays(true)
    statements.set(sql, made)
    return made
  }
  const ids = createSeriesIds(prepare)
  const file: SeriesFile = {
    db,
    dirty: loadDirty(db),
    prepare,
    transaction: (work) => {
      db.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        db.exec('COMMIT')
        return result
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK')
        ids.forget()
        file.dirty = loadDirty(db)
        throw error
      }
    },
    seriesId: ids.find,
    seriesOf: (measurement, asset) => {
      const found = prepare('SELECT id, part FROM series WHERE measurement = ? AND asset = ?')
      const rows = found.all(measurement, asset) as unknown as [number, string][]
      return rows.map(([id, part]) => ({ id, part }))
    },
    close: () => db.close(),
  }
  return file
}
