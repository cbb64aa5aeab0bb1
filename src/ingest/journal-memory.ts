import type { HotChunk } from './journal-hot.ts'
import type { JournalAnswer } from './journal-worker.ts'
import type { SegmentInfo } from './segment.ts'

/** What the main thread knows of the durable part: the segments, and the newest bytes themselves. */
export type JournalMemory = {
  segments: () => readonly SegmentInfo[]
  hot: () => readonly HotChunk[]
  head: () => number
  tail: () => number
  /** Bytes of all segment files. */
  bytes: () => number
  /** After a commit, which tells only the segment in use. */
  committed: (answer: JournalAnswer) => void
  /** After anything else, which tells all segments. */
  replaced: (segments: readonly SegmentInfo[]) => void
  /** The folder was opened anew: bytes in memory may no longer fit. */
  forget: () => void
}

/** `hotBytes` is how much of the newest part stays in memory for readers close behind. */
export function createJournalMemory(hotBytes: number): JournalMemory {
  let segments: SegmentInfo[] = []
  let hot: HotChunk[] = []
  let hotNow = 0
  let bytes = 0

  const recount = () => {
    bytes = segments.reduce((sum, one) => sum + one.bytes, 0)
  }
  const keepHot = (chunk: HotChunk) => {
    hot.push(chunk)
    hotNow += chunk.bytes.buffer.byteLength
    let cold = 0
    for (; hotNow > hotBytes && cold < hot.length; cold += 1) {
      hotNow -= hot[cold]?.bytes.buffer.byteLength ?? 0
    }
    if (cold > 0) hot = hot.slice(cold)
  }

  return {
    segments: () => segments,
    hot: () => hot,
    head: () => segments.at(-1)?.end ?? 0,
    tail: () => segments[0]?.base ?? 0,
    bytes: () => bytes,
    committed: ({ segments: used, from, end, bytes: back }) => {
      const [active] = used
      if (!active) return
      const last = segments.at(-1)
      if (last?.base === active.base) segments[segments.length - 1] = active
      else segments.push(active)
      bytes += active.bytes - (last?.base === active.base ? last.bytes : 0)
      if (back)
        keepHot({ from, end, bytes: Buffer.from(back.buffer, back.byteOffset, back.length) })
    },
    replaced: (all) => {
      segments = [...all]
      recount()
    },
    forget: () => {
      hot = []
      hotNow = 0
    },
  }
}
