import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Log } from '../../src/core/log.ts'

/** How a database came to be: as it was, empty, or only in memory because the disk refuses. */
export type OpenedFile = { db: DatabaseSync; state: 'kept' | 'fresh' | 'memory' }

/** SQLite's primary result code of a thrown error; 0 when it is none. */
const codeOf = (error: unknown): number =>
  typeof error === 'object' && error !== null && 'errcode' in error
    ? Number(error.errcode) & 0xff
    : 0

/** SQLITE_CORRUPT, SQLITE_NOTADB: the file itself is broken. */
const isCorrupt = (error: unknown): boolean => [11, 26].includes(codeOf(error))

/** SQLITE_BUSY, SQLITE_LOCKED: another process has it. */
const isTaken = (error: unknown): boolean => [5, 6].includes(codeOf(error))

function openChecked(path: string, schema: string): DatabaseSync {
  const db = new DatabaseSync(path)
  try {
    // Exclusive: two agents on one folder would give the same ids to different records.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 500')
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    const answer = db.prepare('PRAGMA quick_check(1)').get()
    if (answer?.['quick_check'] !== 'ok') throw Object.assign(new Error('corrupt'), { errcode: 11 })
    db.exec(schema)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function moveAside(path: string): void {
  renameSync(path, `${path}.corrupt`)
  for (const tail of ['-wal', '-shm']) rmSync(path + tail, { force: true })
}

export function openMemory(schema: string): OpenedFile {
  const db = new DatabaseSync(':memory:')
  db.exec(schema)
  return { db, state: 'memory' }
}

/**
 * Opens a small database that must never keep an agent from running: a corrupt file is moved aside
 * (one is kept for whoever asks) and begun anew, and a disk that refuses gives one in memory.
 *
 * @throws Error when another process has the file open
 */
export function openFile(path: string, schema: string, log: Log): OpenedFile {
  const inMemory = (error: unknown): OpenedFile => {
    log.error({ path, err: error }, 'cannot store on disk, going on in memory')
    return openMemory(schema)
  }
  try {
    mkdirSync(dirname(path), { recursive: true })
    return { db: openChecked(path, schema), state: 'kept' }
  } catch (error) {
    if (isTaken(error)) throw new Error(`${path} is in use by another agent`, { cause: error })
    if (!isCorrupt(error)) return inMemory(error)
    log.error({ path, err: error }, 'file is corrupt, moved aside and begun anew')
  }
  try {
    moveAside(path)
    return { db: openChecked(path, schema), state: 'fresh' }
  } catch (error) {
    return inMemory(error)
  }
}
