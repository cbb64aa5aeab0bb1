import { join } from 'node:path'
import { writeAll } from './journal-folder.ts'
import type { JournalFs } from './journal-fs.ts'
import { type SegmentInfo, segmentName } from './segment.ts'

/**
 * Appends to the segments of one folder. Everything is synchronous: it lives in the journal's
 * worker thread. What `commit` returned for is on the disk; what it threw for may lie behind the
 * end of a segment, but never before a record that follows.
 */
export type JournalWriter = {
  /** Writes and syncs. Returns the positions where the bytes start and end. Throws fs errors. */
  commit: (bytes: Uint8Array) => { from: number; end: number }
  /** Proves with real bytes that the folder takes appends again. Throws when it does not. */
  probe: () => void
  /** Deletes segments wholly below `upTo`; with `roll` also the one in use, if it is. */
  trim: (upTo: number, roll: boolean) => void
  segments: () => readonly SegmentInfo[]
  end: () => number
  close: () => void
}

type Active = SegmentInfo & { fd: number }

const probeFile = 'probe'
const largestProbe = 1024 * 1024

export function createJournalWriter(options: {
  fs: JournalFs
  folder: string
  segmentBytes: number
  segments: readonly SegmentInfo[]
}): JournalWriter {
  const { fs, folder, segmentBytes } = options
  const segments: SegmentInfo[] = options.segments.map((one) => ({ ...one }))
  let end = segments.at(-1)?.end ?? 0
  let active: Active | undefined

  const pathOf = (base: number) => join(folder, segmentName(base))

  /**
   * Leaves the segment in use for good. After a failed write or sync nobody knows what the page
   * cache holds of it, so nothing is ever appended behind.
   */
  const leave = () => {
    if (active) closeQuietly(fs, active.fd)
    active = undefined
  }

  const roll = (): Active => {
    leave()
    const last = segments.at(-1)
    if (last && last.base === end) {
      fs.remove(pathOf(last.base))
      segments.pop()
    }
    const fd = fs.create(pathOf(end))
    try {
      fs.syncFolder(folder)
    } catch (error) {
      closeQuietly(fs, fd)
      throw error
    }
    active = { base: end, end, bytes: 0, fd }
    segments.push(active)
    return active
  }

  const readyFor = (bytes: number): Active => {
    if (!active) return roll()
    const used = active.end - active.base
    return used > 0 && used + bytes > segmentBytes ? roll() : active
  }

  const takeBack = (one: Active, attempted: number) => {
    one.bytes += attempted
    try {
      fs.truncate(one.fd, one.end - one.base)
      one.bytes = one.end - one.base
    } catch {
      // The bytes stay behind the end of a segment that is left now.
    }
    leave()
  }

  const commit = (bytes: Uint8Array) => {
    const one = readyFor(bytes.length)
    try {
      writeAll(fs, one.fd, { bytes, at: one.end - one.base })
      fs.sync(one.fd)
    } catch (error) {
      takeBack(one, bytes.length)
      throw error
    }
    const from = end
    one.end += bytes.length
    one.bytes = one.end - one.base
    end = one.end
    return { from, end }
  }

  const probe = () => {
    const path = join(folder, probeFile)
    const fd = fs.create(path)
    try {
      writeAll(fs, fd, { bytes: new Uint8Array(Math.min(largestProbe, segmentBytes)), at: 0 })
      fs.sync(fd)
    } finally {
      closeQuietly(fs, fd)
      fs.remove(path)
    }
    roll()
  }

  const trim = (upTo: number, rollFirst: boolean) => {
    if (rollFirst && upTo >= end && segments.at(-1)?.base !== end) roll()
    for (;;) {
      const [oldest, next] = segments
      if (!oldest || !next || next.base > upTo) return
      fs.remove(pathOf(oldest.base))
      segments.shift()
    }
  }

  return { commit, probe, trim, segments: () => segments, end: () => end, close: leave }
}

function closeQuietly(fs: JournalFs, fd: number): void {
  try {
    fs.close(fd)
  } catch {
    // Nothing acknowledged depends on it: every commit was synced by itself.
  }
}
