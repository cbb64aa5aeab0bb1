import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { UpChannel } from '../../src/contract/wire/channels.ts'
import type { ClockTrust } from '../../src/contract/wire/common.ts'
import type { Log } from '../../src/core/log.ts'
import type { Stamp } from './rebase.ts'
import { openFile, openMemory } from './sqlite-file.ts'

/** A record waiting to be acknowledged. `body` has no envelope; that is made when it is sent. */
export type OutboxRecord = {
  epoch: string
  n: number
  channel: UpChannel
  stamp: Stamp
  body: object
}

const schema = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS records (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch TEXT NOT NULL, channel TEXT NOT NULL,
    boot TEXT NOT NULL, mono REAL NOT NULL, at INTEGER NOT NULL, trust TEXT NOT NULL,
    lower INTEGER, upper INTEGER, body TEXT NOT NULL, bytes INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS records_by_channel ON records (channel, n);`

type Row = {
  n: number
  epoch: string
  channel: string
  boot: string
  mono: number
  at: number
  trust: string
  lower: number | null
  upper: number | null
  body: string
  bytes: number
}

export const toRecord = (row: Row): OutboxRecord => ({
  epoch: row.epoch,
  n: row.n,
  channel: row.channel as UpChannel,
  body: JSON.parse(row.body) as object,
  stamp: {
    boot: row.boot,
    mono: row.mono,
    at: row.at,
    trust: row.trust as ClockTrust,
    ...(row.lower === null || row.upper === null ? {} : { bounds: [row.lower, row.upper] }),
  },
})

/** The rows of one open outbox file. Everything here is synchronous and throws SQLite's errors. */
export type OutboxTable = ReturnType<typeof openTable>

const one = <T>(value: unknown): T | undefined => value as T | undefined
const newEpoch = (): string => randomBytes(6).toString('hex')

/** A file that was copied or restored from a backup is another file: its ids were used since. */
const identityOf = (path: string): string => {
  const { ino, birthtimeMs } = statSync(path)
  return `${ino}:${Math.round(birthtimeMs)}`
}

function statements(db: DatabaseSync) {
  return {
    insert: db.prepare(
      `INSERT INTO records (n, epoch, channel, boot, mono, at, trust, lower, upper, body, bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    get: db.prepare('SELECT * FROM records WHERE n = ?'),
    remove: db.prepare('DELETE FROM records WHERE n = ? RETURNING bytes'),
    // What nobody can date yet waits: the hub would have to refuse it.
    from: db.prepare(
      `SELECT n FROM records
       WHERE n > ? AND (trust != 'untrusted' OR lower IS NOT NULL) ORDER BY n LIMIT ?`,
    ),
    oldestOf: db.prepare('SELECT n, bytes FROM records WHERE channel = ? ORDER BY n LIMIT 100'),
    newestOf: db.prepare('SELECT n FROM records WHERE channel = ? ORDER BY n DESC LIMIT 1'),
    expired: db.prepare(
      `SELECT n, bytes FROM records
       WHERE channel = 'telemetry' AND at < ? AND trust != 'untrusted' ORDER BY n LIMIT 1000`,
    ),
    untimed: db.prepare("SELECT * FROM records WHERE trust = 'untrusted' AND lower IS NULL"),
    retime: db.prepare(
      'UPDATE records SET at = ?, trust = ?, lower = ?, upper = ?, body = ? WHERE n = ?',
    ),
    totals: db.prepare('SELECT count(*) AS records, coalesce(sum(bytes), 0) AS bytes FROM records'),
    getMeta: db.prepare('SELECT value FROM meta WHERE name = ?'),
    setMeta: db.prepare(
      'INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    ),
  }
}

function epochOf(path: string | undefined, sql: ReturnType<typeof statements>): string {
  const identity = path === undefined ? 'memory' : identityOf(path)
  const get = (name: string) => one<{ value: string }>(sql.getMeta.get(name))?.value
  const kept = get('epoch')
  if (kept && get('identity') === identity) return kept
  const epoch = newEpoch()
  sql.setMeta.run('epoch', epoch)
  sql.setMeta.run('identity', identity)
  return epoch
}

/**
 * Opens a file, or a table in memory when there is no path. `firstN` keeps the numbers rising
 * inside one process, also over a change of the file.
 */
export function openTable(path: string | undefined, log: Log, firstN = 1) {
  const { db, state } = path === undefined ? openMemory(schema) : openFile(path, schema, log)
  const sql = statements(db)
  const epoch = epochOf(state === 'memory' ? undefined : path, sql)
  const sequence = one<{ seq: number }>(
    db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'records'").get(),
  )
  const list = <T>(rows: unknown): T[] => rows as T[]
  return {
    epoch,
    onDisk: state !== 'memory',
    nextN: Math.max(firstN, (sequence?.seq ?? 0) + 1),
    totals: () => sql.totals.get() as { records: number; bytes: number },
    dropped: () => Number(one<{ value: string }>(sql.getMeta.get('dropped'))?.value ?? 0),
    setDropped: (count: number) => sql.setMeta.run('dropped', String(count)),
    insert: ({ n, channel, stamp }: Omit<OutboxRecord, 'epoch' | 'body'>, body: string) => {
      const { boot, mono, at, trust, bounds } = stamp
      const [lower, upper] = bounds ?? [null, null]
      const bytes = Buffer.byteLength(body) + 100
      sql.insert.run(n, epoch, channel, boot, mono, at, trust, lower, upper, body, bytes)
      return bytes
    },
    get: (n: number) => {
      const row = one<Row>(sql.get.get(n))
      return row && toRecord(row)
    },
    /** Bytes freed; `undefined` when there was no such record. */
    remove: (n: number) => one<{ bytes: number }>(sql.remove.get(n))?.bytes,
    from: (after: number, limit: number) =>
      list<{ n: number }>(sql.from.all(after, limit)).map((row) => row.n),
    oldestOf: (channel: UpChannel) => list<{ n: number }>(sql.oldestOf.all(channel)),
    newestOf: (channel: UpChannel) => one<{ n: number }>(sql.newestOf.get(channel))?.n,
    expired: (before: number) => list<{ n: number }>(sql.expired.all(before)),
    untimed: () => list<Row>(sql.untimed.all()).map(toRecord),
    retime: ({ n, stamp, body }: OutboxRecord) => {
      const [lower, upper] = stamp.bounds ?? [null, null]
      sql.retime.run(stamp.at, stamp.trust, lower, upper, JSON.stringify(body), n)
    },
    begin: () => db.exec('BEGIN IMMEDIATE'),
    commit: () => db.exec('COMMIT'),
    close: () => db.close(),
  }
}
