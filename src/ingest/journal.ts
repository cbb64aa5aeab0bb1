/**
 * The hub's accept log: what `append` called `done` for survives the process and the power, of an
 * honest disk. Records of all agents lie in arrival order in append-only segments of one folder;
 * readers come behind with cursors of their own. It never interprets a payload, never keeps a
 * cursor and never blocks the main thread: a worker writes and syncs, one group at a time.
 */
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createCommitter } from './journal-commit.ts'
import type { Done } from './journal-gather.ts'
import { createHealth, type JournalState } from './journal-health.ts'
import { startLink } from './journal-link.ts'
import { createJournalMemory } from './journal-memory.ts'
import { createJournalReads } from './journal-read.ts'
import type { JournalRead } from './journal-segment-read.ts'
import type { JournalAnswer } from './journal-worker.ts'
import { type JournalRecord, seedOf } from './segment.ts'

export type JournalStats = {
  /** Bytes of all segment files. */
  bytes: number
  segments: number
  /** Records refused since opening. */
  refused: number
  full: boolean
  /** Syncs and records made durable since opening. */
  commits: number
  records: number
}

export type Journal = {
  /** UUID of what this folder holds; a cursor is worth nothing under another id. */
  id: string
  /** `done` comes after the sync, first in first out; with an error nothing was promised. */
  append: (record: JournalRecord, done: Done) => void
  /**
   * Durable records from position `from` on, up to `maxBytes` of them, at least one if there is
   * one. `missing` comes without entries: that range was trimmed, torn or damaged, or, when it
   * starts at the head, `from` lies behind all that this folder still knows.
   */
  read: (from: number, maxBytes: number) => Promise<JournalRead>
  /** End of what is durable. Positions are byte offsets over all segments ever written. */
  head: () => number
  /** Oldest position still kept. */
  tail: () => number
  /** Wakes after the head has moved; carries nothing. Returns the way to unsubscribe. */
  onAppended: (wake: () => void) => () => void
  /** Deletes whole segments below; the caller knows the lowest cursor. */
  trim: (upTo: number) => Promise<void>
  /**
   * Wall time before which nothing that arrived is still waiting for its sync. It stands still
   * while the journal refuses: what did not get in must not pass for silence.
   */
  settledUntil: () => number
  state: () => JournalState
  stats: () => JournalStats
  /** Refuses new records, syncs those that wait, lets the folder go. */
  close: () => Promise<void>
}

export type JournalOptions = {
  folder: string
  log: Log
  clock: Clock
  /** Size at which a new segment begins. */
  segmentBytes?: number
  /** What the folder may hold; beyond it records are refused until readers let it be trimmed. */
  maxBytes?: number
  /** What may wait for a sync in memory; beyond it records are refused. */
  maxWaitingBytes?: number
  /** How long after a disk error, and between tries, the folder is probed. */
  retryMs?: number
  /** Once per change. */
  onState?: (state: JournalState, reason?: string) => void
  /** A module that exports another `journalFs`, for the worker to import. */
  fsModule?: string
}

const mebibyte = 1024 * 1024
const hotBytes = 16 * mebibyte
const ownFs = new URL('./journal-fs.ts', import.meta.url).href

/**
 * Opens the folder, making it if need be, and mends what a crash left. Throws when another process
 * has it open, when it cannot be written, or when its format is not this one.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { folder, clock } = options
  const log = options.log.child({ part: 'journal' })
  const limits = limitsOf(options)
  const data = { folder, segmentBytes: limits.segmentBytes, fsModule: options.fsModule ?? ownFs }
  const memory = createJournalMemory(hotBytes)
  const health = createHealth({ clock, log, onState: options.onState })
  const wakers = new Set<() => void>()

  const connect = async () => {
    const link = await startLink(data, (error) => committer.lost(error))
    return { link, id: adopt(link.opened) }
  }
  const adopt = ({ opened, segments, end }: JournalAnswer): string => {
    if (!opened) throw new Error('journal worker answered without opening')
    memory.forget()
    memory.replaced(segments)
    const { torn, damaged } = opened
    if (torn > 0) log.warn({ torn, end }, 'torn tail cut from the journal')
    if (damaged) log.error({ end }, 'journal is damaged before its last record')
    return opened.id
  }
  const { link, id } = await connect()
  const seed = seedOf(id)
  const committer = createCommitter({
    ...{ clock, log, seed, health, memory, limits, link },
    relink: async () => {
      const again = await connect()
      if (again.id !== id) {
        await again.link.call({ kind: 'close' })
        throw new Error('the journal folder was exchanged under the hub')
      }
      return again.link
    },
    wake: () => {
      for (const wake of wakers) wake()
    },
  })

  return {
    id,
    append: committer.append,
    read: createJournalReads({ folder, seed, segments: memory.segments, hot: memory.hot }),
    head: memory.head,
    tail: memory.tail,
    onAppended: (wake) => {
      wakers.add(wake)
      return () => wakers.delete(wake)
    },
    trim: committer.trim,
    settledUntil: committer.settledUntil,
    state: health.state,
    stats: () => ({
      ...committer.counts(),
      bytes: memory.bytes(),
      segments: memory.segments().length,
      full: health.state() === 'full',
    }),
    close: committer.close,
  }
}

function limitsOf(options: JournalOptions) {
  const maxBytes = options.maxBytes ?? 8192 * mebibyte
  const segmentBytes = Math.min(options.segmentBytes ?? 64 * mebibyte, Math.ceil(maxBytes / 4))
  return {
    maxBytes,
    segmentBytes,
    /** Room to be free again before records are taken: one record's worth would only flutter. */
    slackBytes: Math.min(segmentBytes, Math.ceil(maxBytes / 8)),
    maxWaitingBytes: options.maxWaitingBytes ?? 64 * mebibyte,
    retryMs: options.retryMs ?? 5000,
  }
}
