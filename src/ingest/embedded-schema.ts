import type { DatabaseSync } from 'node:sqlite'
import { days, hours } from '../core/clock.ts'
import { cellSuffixes, type Level } from './roll-up.ts'
import { fieldsOf, measurementNames } from './series-names.ts'

/**
 * One table per level and measurement, made from the measures table; a new field becomes a column.
 * The key starts with a block of time, so that what comes in together lies together on the disk,
 * an hour is rolled up in one sweep and dropped in one piece. States and whole numbers take one
 * to three bytes in SQLite although the columns are REAL.
 */
export const levels: readonly Level[] = ['raw', 'm5', 'h1']

export const blockMs: Readonly<Record<Level, number>> = { raw: hours(1), m5: days(1), h1: days(32) }

export const tableOf = (level: Level, measurement: string): string => `${level}_${measurement}`

/** Value columns in the order of `fieldsOf`; in roll-ups each field stands five times. */
export const columnsOf = (level: Level, fields: readonly string[]): string[] =>
  fields.flatMap((field) => (level === 'raw' ? [field] : cellSuffixes.map((s) => `${field}${s}`)))

export const quoted = (columns: readonly string[]): string =>
  columns.map((column) => `"${column}"`).join(', ')

function ensureTable(db: DatabaseSync, level: Level, measurement: string): void {
  const table = tableOf(level, measurement)
  const columns = columnsOf(level, fieldsOf(measurement) ?? [])
  db.exec(
    `CREATE TABLE IF NOT EXISTS "${table}" (block INTEGER NOT NULL, series INTEGER NOT NULL,
     offset INTEGER NOT NULL, ${columns.map((c) => `"${c}" REAL`).join(', ')},
     PRIMARY KEY (block, series, offset)) WITHOUT ROWID`,
  )
  const there = db.prepare('SELECT name FROM pragma_table_info(?)').all(table)
  const names = new Set(there.map((row) => row['name']))
  for (const column of columns.filter((c) => !names.has(c))) {
    db.exec(`ALTER TABLE "${table}" ADD COLUMN "${column}" REAL`)
  }
}

/** Opens settings and tables; run once per opened file. Safe on a file of an earlier version. */
export function prepareSchema(db: DatabaseSync): void {
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;
    PRAGMA wal_autocheckpoint = 8000; PRAGMA temp_store = MEMORY`)
  db.exec('BEGIN IMMEDIATE')
  db.exec(`
    CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, measurement TEXT NOT NULL,
      asset TEXT NOT NULL, part TEXT NOT NULL, UNIQUE (measurement, asset, part));
    CREATE TABLE IF NOT EXISTS dirty_hours (measurement TEXT NOT NULL, hour_at INTEGER NOT NULL,
      asset TEXT NOT NULL, PRIMARY KEY (measurement, hour_at, asset)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS kept_from (level TEXT PRIMARY KEY, at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, at INTEGER NOT NULL)`)
  for (const level of levels) for (const name of measurementNames) ensureTable(db, level, name)
  db.exec('COMMIT')
}
