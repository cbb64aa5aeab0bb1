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

/** What the reading side knows of the durable part. */
export type DurableView = {
  folder: string
  seed: number
  segments: () => readonly SegmentInfo[]
  /** Committed bytes still in memory, oldest first, without gaps up to the head. */
  hot: () => readonly HotChunk[]
}
export type HotChunk = { from: number; end: number; bytes: Buffer }

const smallestWindow = 64 * 1024
/** A sector may be readable the next time; after that it is lost, and what follows is not. */
const unreadableTries = 5

/**
 * Reads the durable part of a journal without blocking: from memory close behind the head, else
 * from the files. A missing range is told alone, without entries, so that nothing hides it.
 */
export function createJournalReads(view: DurableView) {
  const { folder, seed } = view
  const unreadable = new Map<number, number>()

  const skip = (from: number, to: number): JournalRead => ({
    entries: [],
    next: to,
    missing: { from, to },
  })

  const readHot = (from: number, maxBytes: number): JournalRead | undefined => {
    const chunks = view.hot()
    let at = chunks.findLastIndex((chunk) => chunk.from <= from)
    let next = from
    let left = maxBytes
    const entries: JournalEntry[] = []
    for (; at >= 0 && at < chunks.length; at += 1) {
      const chunk = chunks[at]
      if (!chunk || (entries.length > 0 && left <= 0)) break
      const part = decodeFrames(chunk.bytes, { base: chunk.from, from: next, maxBytes: left, seed })
      if (entries.length > 0 && part.next - next > left) break
      entries.push(...part.entries)
      left -= part.next - next
      next = part.next
      if (next < chunk.end) break
    }
    return entries.length > 0 ? { entries, next } : undefined
  }

  /** The next intact record of this segment, searched byte by byte behind the damage. */
  const skipDamage = async (segment: SegmentInfo, from: number): Promise<JournalRead> => {
    const rest = await readBytes(segment, from + 1, segment.end)
    const found = findFrame(rest, 0, seed)
    return skip(from, found < 0 ? segment.end : from + 1 + found)
  }

  const readBytes = async (segment: SegmentInfo, from: number, to: number): Promise<Buffer> => {
    const file = await open(join(folder, segmentName(segment.base)), 'r')
    try {
      const bytes = Buffer.allocUnsafeSlow(to - from)
      let got = 0
      while (got < bytes.length) {
        const { bytesRead } = await file.read(
          bytes,
          got,
          to - from - got,
          from + got - segment.base,
        )
        if (bytesRead === 0) break
        got += bytesRead
      }
      return bytes.subarray(0, got)
    } finally {
      await file.close()
    }
  }

  const readSegment = async (
    segment: SegmentInfo,
    from: number,
    maxBytes: number,
  ): Promise<JournalRead> => {
    const wanted = unreadable.has(from) ? smallestWindow : Math.max(maxBytes, smallestWindow)
    const window = Math.min(segment.end - from, wanted)
    let bytes = await readBytes(segment, from, from + window)
    const frame = readFrame(bytes, 0, seed)
    if (frame.kind === 'short' && frame.need > window && frame.need <= segment.end - from) {
      bytes = await readBytes(segment, from, from + frame.need)
    }
    const { entries, next } = decodeFrames(bytes, { base: from, from, maxBytes, seed })
    return entries.length > 0 ? { entries, next } : skipDamage(segment, from)
  }

  const afterFailure = (segment: SegmentInfo, from: number, error: unknown): JournalRead => {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return skip(from, segment.end)
    if (code !== 'EIO') throw error
    const tries = (unreadable.get(from) ?? 0) + 1
    unreadable.set(from, tries)
    if (tries < unreadableTries) throw error
    unreadable.delete(from)
    return skip(from, Math.min(segment.end, from + smallestWindow))
  }

  /** As the journal's `read`. */
  return async function read(from: number, maxBytes: number): Promise<JournalRead> {
    const segments = view.segments()
    const oldest = segments[0]
    const head = segments.at(-1)?.end ?? 0
    if (from > head) return { entries: [], next: head, missing: { from: head, to: from } }
    if (!oldest || from === head) return { entries: [], next: from }
    if (from < oldest.base) return skip(from, oldest.base)
    const hot = readHot(from, maxBytes)
    if (hot) return hot
    const at = segments.findLastIndex((one) => one.base <= from)
    const segment = segments[at]
    if (!segment) return skip(from, oldest.base)
    if (from >= segment.end) return skip(from, segments[at + 1]?.base ?? head)
    try {
      const result = await readSegment(segment, from, maxBytes)
      unreadable.delete(from)
      return result
    } catch (error) {
      return afterFailure(segment, from, error)
    }
  }
}
