/**
 * A file system for the journal's worker that fails on demand. Imported there by its address with
 * `?control=FILE`; the test writes into that file what shall go wrong.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type JournalFs, journalFs as real } from '../../src/ingest/journal-fs.ts'

export type Faults = {
  /** Error code by operation. */
  fail?: Partial<Record<keyof JournalFs, string>>
  /** Bytes that a failing write still takes, as a disk does that fills up. */
  partial?: number
  /** What the folder may hold: an honest full disk. */
  quota?: number
  /** Only the next operation of this name fails. */
  once?: keyof JournalFs
  /** The next operation of this name ends the worker. */
  crash?: keyof JournalFs
}

const control = new URL(import.meta.url).searchParams.get('control') ?? ''
const faults = (): Faults =>
  existsSync(control) ? (JSON.parse(readFileSync(control, 'utf8')) as Faults) : {}
const failure = (code: string): Error => Object.assign(new Error(`${code}: as told`), { code })
const folders = new Map<number, string>()

const before = (operation: keyof JournalFs) => {
  const { fail, crash, once } = faults()
  if (crash === operation) {
    writeFileSync(control, '{}')
    process.exit(1)
  }
  if (once === operation) {
    writeFileSync(control, '{}')
    throw failure('EIO')
  }
  const code = fail?.[operation]
  if (code) throw failure(code)
}
const used = (folder: string) =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)

function write(fd: number, bytes: Uint8Array, at: number): number {
  const { fail, partial, quota } = faults()
  if (fail?.write && partial) real.write(fd, bytes.subarray(0, partial), at)
  before('write')
  if (quota === undefined) return real.write(fd, bytes, at)
  const room = quota - used(folders.get(fd) ?? '')
  if (room <= 0) throw failure('ENOSPC')
  return real.write(fd, bytes.subarray(0, room), at)
}

const openAt = (path: string, fd: number): number => {
  folders.set(fd, dirname(path))
  return fd
}

const guarded = <A extends unknown[], R>(
  operation: keyof JournalFs,
  call: (...args: A) => R,
): ((...args: A) => R) => {
  return (...args) => {
    before(operation)
    return call(...args)
  }
}

export const journalFs: JournalFs = {
  makeFolder: guarded('makeFolder', real.makeFolder),
  list: guarded('list', real.list),
  read: guarded('read', real.read),
  create: guarded('create', (path: string) => openAt(path, real.create(path))),
  open: guarded('open', (path: string) => openAt(path, real.open(path))),
  write,
  sync: guarded('sync', real.sync),
  truncate: guarded('truncate', real.truncate),
  close: guarded('close', real.close),
  rename: guarded('rename', real.rename),
  remove: guarded('remove', real.remove),
  syncFolder: guarded('syncFolder', real.syncFolder),
}
