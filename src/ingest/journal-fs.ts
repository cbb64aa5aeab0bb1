import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

/** What the journal asks of a file system; tests hand in one that fails. All throw on failure. */
export type JournalFs = {
  makeFolder: (folder: string) => void
  list: (folder: string) => { name: string; bytes: number }[]
  read: (path: string) => Buffer
  /** An empty file, open for writing. */
  create: (path: string) => number
  open: (path: string) => number
  /** Returns how many bytes were written, perhaps fewer. */
  write: (fd: number, bytes: Uint8Array, at: number) => number
  /** Returns when data and size are on the disk (fdatasync). */
  sync: (fd: number) => void
  truncate: (fd: number, length: number) => void
  close: (fd: number) => void
  rename: (from: string, to: string) => void
  remove: (path: string) => void
  /** Makes names created and removed in the folder durable. */
  syncFolder: (folder: string) => void
}

export const journalFs: JournalFs = {
  makeFolder: (folder) => {
    mkdirSync(folder, { recursive: true })
  },
  list: (folder) =>
    readdirSync(folder).map((name) => ({ name, bytes: statSync(join(folder, name)).size })),
  read: (path) => readFileSync(path),
  create: (path) => openSync(path, 'w', 0o600),
  open: (path) => openSync(path, 'r+'),
  write: (fd, bytes, at) => writeSync(fd, bytes, 0, bytes.length, at),
  sync: (fd) => fdatasyncSync(fd),
  truncate: (fd, length) => ftruncateSync(fd, length),
  close: (fd) => closeSync(fd),
  rename: (from, to) => renameSync(from, to),
  remove: (path) => rmSync(path, { force: true }),
  syncFolder: (folder) => {
    // Windows cannot open a folder for syncing; its file systems journal names themselves.
    if (process.platform === 'win32') return
    const fd = openSync(folder, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  },
}
