import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createLoop, type Loop } from '../core/loop.ts'
import type { Journal } from './journal.ts'
import type { JournalRead } from './journal-segment-read.ts'
import type { JournalEntry } from './segment.ts'

export type Reader = Loop & {
  /** All before it is handled. */
  position: () => number
  /** Nothing durable is left to handle. */
  caughtUp: () => boolean
  /**
   * Wall time W such that every record accepted before W is handled. Who heard nothing of an
   * agent since before W may call it silent; between W and now nobody knows.
   */
  watermark: () => number
}

export type ReaderOptions = {
  journal: Journal
  name: string
  clock: Clock
  log: Log
  /** Where this reader stopped, from the place where `handle` keeps it. Asked once. */
  from: () => Promise<number>
  /**
   * Does the work and keeps `next` as the cursor, in one transaction if it has one. A throw means
   * nothing was done: the same records come again, after a growing wait. `missing` comes without
   * entries: records in there were lost, which is our own outage.
   */
  handle: (entries: JournalEntry[], next: number, missing: JournalRead['missing']) => Promise<void>
  maxBytes?: number
  idleMs?: number
}

/** Follows a journal in batches, from its cursor on, until stopped. */
export function createReader(options: ReaderOptions): Reader {
  const { journal, name, clock, log } = options
  const maxBytes = options.maxBytes ?? 512 * 1024
  let at: number | undefined
  let known = 0

  const caughtUp = () => at !== undefined && at === journal.head()

  const turn = async () => {
    at ??= await options.from()
    if (caughtUp()) {
      known = journal.settledUntil()
      return false
    }
    const { entries, next, missing } = await journal.read(at, maxBytes)
    const [first] = entries
    if (first) known = first.receivedAt
    if (missing) log.error({ reader: name, missing }, 'journal records are missing')
    if (next !== at || missing) await options.handle(entries, next, missing)
    at = next
    if (caughtUp()) known = journal.settledUntil()
    return !caughtUp()
  }

  const loop = createLoop({ name, clock, log, idleMs: options.idleMs ?? 1000, turn })
  const unsubscribe = journal.onAppended(loop.wake)
  return {
    wake: loop.wake,
    stop: async () => {
      unsubscribe()
      await loop.stop()
    },
    position: () => at ?? 0,
    caughtUp,
    watermark: () => (caughtUp() ? journal.settledUntil() : known),
  }
}
