import { type HotChunk, readHot } from './journal-hot.ts'
import { createSegmentReads, type JournalRead, skip } from './journal-segment-read.ts'
import type { SegmentInfo } from './segment.ts'

/** What the reading side knows of the durable part. */
export type DurableView = {
  folder: string
  seed: number
  segments: () => readonly SegmentInfo[]
  /** Committed bytes still in memory, oldest first, without gaps up to the head. */
  hot: () => readonly HotChunk[]
}

/**
 * Reads the durable part of a journal without blocking: from memory close behind the head, else
 * from the files.
 */
export function createJournalReads(view: DurableView) {
  const { folder, seed } = view
  const readSegment = createSegmentReads(folder, seed)

  const readFiles = async (from: number, maxBytes: number): Promise<JournalRead> => {
    const segments = view.segments()
    const at = segments.findLastIndex((one) => one.base <= from)
    const segment = segments[at]
    const next = segments[at + 1]
    if (segment && from < segment.end) return readSegment(segment, from, maxBytes)
    return next ? skip(from, next.base) : { entries: [], next: from }
  }

  /** As the journal's `read`. */
  return async function read(from: number, maxBytes: number): Promise<JournalRead> {
    const segments = view.segments()
    const tail = segments[0]?.base ?? 0
    const head = segments.at(-1)?.end ?? 0
    if (from < tail) return skip(from, tail)
    if (from > head) return { entries: [], next: head, missing: { from: head, to: from } }
    return readHot(view.hot(), { from, maxBytes, seed }) ?? readFiles(from, maxBytes)
  }
}
