import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { JournalFs } from './journal-fs.ts'
import { baseOfName, type SegmentInfo, scanSegment, seedOf, segmentName } from './segment.ts'

/** What was found on opening: `torn` bytes were cut, or records behind damage were kept. */
export type OpenedFolder = {
  id: string
  segments: SegmentInfo[]
  torn: number
  damaged: boolean
}

const identityFile = 'journal.json'
const format = 1
const tornFilesKept = 5
const tornBytesKept = 1024 * 1024

/**
 * Makes a journal folder fit for appending after any crash: cuts the torn tail of the last segment
 * (setting its bytes aside) and syncs what is left, so that no reader ever sees a record which a
 * power loss could still take back. Damage with intact records behind it is left in place.
 */
export function openFolder(fs: JournalFs, folder: string): OpenedFolder {
  const segments = listSegments(fs, folder)
  const id = segments.length > 0 ? readIdentity(fs, folder) : newIdentity(fs, folder)
  const last = segments.at(-1)
  const found = last ? mend(fs, { folder, last, seed: seedOf(id) }) : { torn: 0, damaged: false }
  fs.syncFolder(folder)
  return { id, segments, ...found }
}

function listSegments(fs: JournalFs, folder: string): SegmentInfo[] {
  const found = fs.list(folder).flatMap(({ name, bytes }) => {
    const base = baseOfName(name)
    return base === undefined ? [] : [{ base, end: base + bytes, bytes }]
  })
  found.sort((a, b) => a.base - b.base)
  // Behind the start of its successor a segment holds only what a failed write left.
  return found.map((one, at) => ({
    ...one,
    end: Math.min(one.end, found[at + 1]?.base ?? one.end),
  }))
}

function readIdentity(fs: JournalFs, folder: string): string {
  const path = join(folder, identityFile)
  const identity = JSON.parse(fs.read(path).toString('utf8')) as { id?: unknown; format?: unknown }
  if (identity.format !== format) {
    throw new Error(`${path}: format ${identity.format} is not one this version can read`)
  }
  if (typeof identity.id !== 'string') throw new Error(`${path}: has no journal id`)
  return identity.id
}

/** A folder without segments gets a new id: cursors into what it once held must not fit. */
function newIdentity(fs: JournalFs, folder: string): string {
  const id = randomUUID()
  const path = join(folder, identityFile)
  const fd = fs.create(`${path}.new`)
  try {
    writeAll(fs, fd, { bytes: Buffer.from(JSON.stringify({ format, id })), at: 0 })
    fs.sync(fd)
  } finally {
    fs.close(fd)
  }
  fs.rename(`${path}.new`, path)
  return id
}

function mend(
  fs: JournalFs,
  { folder, last, seed }: { folder: string; last: SegmentInfo; seed: number },
): { torn: number; damaged: boolean } {
  const path = join(folder, segmentName(last.base))
  const bytes = fs.read(path)
  const { intact, recordsBehind } = scanSegment(bytes, seed)
  const torn = recordsBehind ? 0 : bytes.length - intact
  if (torn > 0)
    setAside(fs, { folder, name: `${last.base + intact}.torn`, bytes: bytes.subarray(intact) })
  const fd = fs.open(path)
  try {
    if (torn > 0) fs.truncate(fd, intact)
    fs.sync(fd)
  } finally {
    fs.close(fd)
  }
  last.bytes = bytes.length - torn
  last.end = last.base + last.bytes
  return { torn, damaged: recordsBehind }
}

/** Keeps torn bytes for whoever wants to look; they were never acknowledged, so trouble is fine. */
function setAside(
  fs: JournalFs,
  { folder, name, bytes }: { folder: string; name: string; bytes: Buffer },
): void {
  try {
    const names = fs
      .list(folder)
      .flatMap((file) => (file.name.endsWith('.torn') ? [file.name] : []))
    names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    for (const old of names.slice(0, -(tornFilesKept - 1))) fs.remove(join(folder, old))
    const fd = fs.create(join(folder, name))
    try {
      writeAll(fs, fd, { bytes: bytes.subarray(0, tornBytesKept), at: 0 })
    } finally {
      fs.close(fd)
    }
  } catch {
    // The cut itself must go on.
  }
}

/** Writes all bytes or throws; the file then holds any part of them. */
export function writeAll(
  fs: JournalFs,
  fd: number,
  { bytes, at }: { bytes: Uint8Array; at: number },
): void {
  let written = 0
  while (written < bytes.length) {
    const count = fs.write(fd, bytes.subarray(written), at + written)
    if (count === 0) throw new Error('the disk took no bytes')
    written += count
  }
}
