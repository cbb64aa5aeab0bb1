import { open } from 'node:fs/promises'
import { join } from 'node:path'
import {
  decodeFrames,
  findFrame,
  type JournalEntry,
  readFrame,
  type SegmentInfo,
  segmentName,
} from './segment.ts'

export type JournalRead = {
  entries: JournalEntry[]
  /** Where to read on. */
  next: number
  /** Positions that hold nothing readable any more: trimmed, torn, damaged, or lost. */
  missing?: { from: number; to: number }
}

const smallestWindow = 64 * 1024
/** A sector may be readable the next time; after that it is lost, and what follows is not. */
const unreadableTries = 5

/** A missing range is told alone, without entries, so that nothing hides it. */
export const skip = (from: number, to: number): JournalRead => ({
  entries: [],
  next: to,
  missing: { from, to },
})

/** Reads one segment file from a position inside it, and gets past damage and bad sectors. */
export function createSegmentReads(folder: string, seed: number) {
  const failures = new Map<number, number>()

  /** The next intact record of this segment, searched byte by byte behind the damage. */
  const skipDamage = async (segment: SegmentInfo, from: number): Promise<JournalRead> => {
    const rest = await readBytes(folder, segment, { from: from + 1, to: segment.end })
    const found = findFrame(rest, 0, seed)
    return skip(from, found < 0 ? segment.end : from + 1 + found)
  }

  const readRecords = async (
    segment: SegmentInfo,
    from: number,
    maxBytes: number,
  ): Promise<JournalRead> => {
    const wanted = failures.has(from) ? smallestWindow : Math.max(maxBytes, smallestWindow)
    const window = Math.min(segment.end - from, wanted)
    let bytes = await readBytes(folder, segment, { from, to: from + window })
    const frame = readFrame(bytes, 0, seed)
    if (frame.kind === 'short' && frame.need > window && frame.need <= segment.end - from) {
      bytes = await readBytes(folder, segment, { from, to: from + frame.need })
    }
    const { entries, next } = decodeFrames(bytes, { base: from, from, maxBytes, seed })
    return entries.length > 0 ? { entries, next } : skipDamage(segment, from)
  }

  const afterFailure = (segment: SegmentInfo, from: number, error: unknown): JournalRead => {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return skip(from, segment.end)
    if (code !== 'EIO') throw error
    const tries = (failures.get(from) ?? 0) + 1
    failures.set(from, tries)
    if (tries < unreadableTries) throw error
    failures.delete(from)
    return skip(from, Math.min(segment.end, from + smallestWindow))
  }

  return async function read(
    segment: SegmentInfo,
    from: number,
    maxBytes: number,
  ): Promise<JournalRead> {
    try {
      const result = await readRecords(segment, from, maxBytes)
      failures.delete(from)
      return result
    } catch (error) {
      return afterFailure(segment, from, error)
    }
  }
}

/** The bytes between two positions of a segment; fewer when its file is shorter than known. */
async function readBytes(
  folder: string,
  segment: SegmentInfo,
  { from, to }: { from: number; to: number },
): Promise<Buffer> {
  const file = await open(join(folder, segmentName(segment.base)), 'r')
  try {
    const bytes = Buffer.allocUnsafeSlow(to - from)
    let got = 0
    while (got < bytes.length) {
      const at = from + got - segment.base
      const { bytesRead } = await file.read(bytes, got, bytes.length - got, at)
      if (bytesRead === 0) break
      got += bytesRead
    }
    return bytes.subarray(0, got)
  } finally {
    await file.close()
  }
}
