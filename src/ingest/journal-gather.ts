import { frameSize, type JournalRecord, writeFrame } from './segment.ts'

export type Done = (error?: Error) => void
/** Records that share one sync, and who waits for it. */
export type Batch = {
  bytes: Uint8Array<ArrayBuffer>
  records: number
  /** `receivedAt` of the oldest record. */
  oldestAt: number
  waiters: Waiter[]
}
type Waiter = { done: Done; refusal?: Error }

/** Where records gather while a sync is under way: one growing buffer of frames. */
export type Gather = {
  add: (record: JournalRecord, done: Done) => void
  /** Answers `done` with the refusal, but only after those who came before it. */
  refuse: (done: Done, refusal: Error) => void
  bytes: () => number
  waiting: () => number
  oldestAt: () => number
  take: () => Batch
}

const smallBytes = 64 * 1024

export function createGather(seed: number): Gather {
  let buffer = Buffer.allocUnsafeSlow(smallBytes)
  let used = 0
  let records = 0
  let oldestAt = Number.POSITIVE_INFINITY
  let waiters: Waiter[] = []

  const reserve = (size: number) => {
    if (used + size <= buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, used + size))
    buffer.copy(larger, 0, 0, used)
    buffer = larger
  }

  /** The worker gets a buffer of its own; a small batch is copied, a large one handed over. */
  const cutOff = (): Uint8Array<ArrayBuffer> => {
    const bytes = new Uint8Array(buffer.buffer, 0, used)
    if (buffer.length === smallBytes) return bytes.slice()
    buffer = Buffer.allocUnsafeSlow(smallBytes)
    return bytes
  }

  return {
    add: (record, done) => {
      reserve(frameSize(record))
      used = writeFrame(buffer, used, { record, seed })
      records += 1
      oldestAt = Math.min(oldestAt, record.receivedAt)
      waiters.push({ done })
    },
    refuse: (done, refusal) => {
      waiters.push({ done, refusal })
    },
    bytes: () => used,
    waiting: () => waiters.length,
    oldestAt: () => oldestAt,
    take: () => {
      const batch = { bytes: cutOff(), records, oldestAt, waiters }
      used = 0
      records = 0
      oldestAt = Number.POSITIVE_INFINITY
      waiters = []
      return batch
    },
  }
}
