import { decodeFrames, type JournalEntry } from './segment.ts'

/** Committed bytes that are still in memory. */
export type HotChunk = { from: number; end: number; bytes: Buffer }

/**
 * Entries from position `from` on, out of chunks that lie without gaps, oldest first; `undefined`
 * when none of them holds that position, or when it is not where a record starts.
 */
export function readHot(
  chunks: readonly HotChunk[],
  { from, maxBytes, seed }: { from: number; maxBytes: number; seed: number },
): { entries: JournalEntry[]; next: number } | undefined {
  const first = chunks.findLastIndex((chunk) => chunk.from <= from)
  if (first < 0) return undefined
  const entries: JournalEntry[] = []
  let next = from
  for (const chunk of chunks.slice(first)) {
    const left = maxBytes - (next - from)
    if (entries.length > 0 && left <= 0) break
    const part = decodeFrames(chunk.bytes, { base: chunk.from, from: next, maxBytes: left, seed })
    if (entries.length > 0 && part.next - next > left) break
    entries.push(...part.entries)
    next = part.next
    if (next < chunk.end) break
  }
  return entries.length > 0 ? { entries, next } : undefined
}
