import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { messageOf } from '../core/problem.ts'
import { createFlights, type DiskError } from './journal-flights.ts'
import { type Batch, createGather, type Done } from './journal-gather.ts'
import type { Health } from './journal-health.ts'
import type { JournalLink } from './journal-link.ts'
import type { JournalMemory } from './journal-memory.ts'
import { createRepair } from './journal-repair.ts'
import { frameRefusal, frameSize, type JournalRecord } from './segment.ts'

export type Committer = {
  append: (record: JournalRecord, done: Done) => void
  trim: (upTo: number) => Promise<void>
  settledUntil: () => number
  counts: () => { refused: number; commits: number; records: number }
  /** The worker is gone; a new one is started after `retryMs`. */
  lost: (error: Error) => void
  close: () => Promise<void>
}

type Options = {
  clock: Clock
  log: Log
  seed: number
  health: Health
  memory: JournalMemory
  limits: { maxBytes: number; slackBytes: number; maxWaitingBytes: number; retryMs: number }
  link: JournalLink
  /** Opens the folder again in a new worker. */
  relink: () => Promise<JournalLink>
  wake: () => void
}

/**
 * Group commit: one batch is being synced, the next one gathers. After a failure everything that
 * waits is refused, and the folder is probed until it takes bytes again.
 */
export function createCommitter(options: Options): Committer {
  const { clock, log, health, memory, limits, wake } = options
  const gather = createGather(options.seed)
  const counts = { refused: 0, commits: 0, records: 0 }
  let link: JournalLink | undefined = options.link
  let closed: Promise<void> | undefined

  const sync = async (batch: Batch): Promise<DiskError | undefined> => {
    try {
      if (!link) return { message: 'journal worker has ended' }
      const answer = await link.call({ kind: 'commit', bytes: batch.bytes })
      if (answer.error) {
        memory.replaced(answer.segments)
        return answer.error
      }
      memory.committed(answer)
      counts.commits += 1
      counts.records += batch.records
      return undefined
    } catch (error) {
      return { message: messageOf(error) }
    }
  }

  const recheckAllowance = () => {
    if (memory.bytes() <= limits.maxBytes - limits.slackBytes) health.allowance(false)
  }

  const probe = async (): Promise<DiskError | undefined> => {
    try {
      link ??= await options.relink()
      const answer = await link.call({ kind: 'probe' })
      memory.replaced(answer.segments)
      return answer.error
    } catch (error) {
      return { message: messageOf(error) }
    }
  }

  const repair = createRepair({
    clock,
    retryMs: limits.retryMs,
    attempt: async () => {
      const error = await probe()
      if (error) health.broken(error)
      else {
        health.mended()
        recheckAllowance()
        wake()
      }
      return error === undefined
    },
  })

  const flights = createFlights({
    ...{ log, gather, sync },
    onSynced: wake,
    onFailure: (error, records) => {
      health.broken(error)
      counts.refused += records
      repair.later()
      return health.refusal() ?? new Error(error.message)
    },
  })

  const refusalOf = (record: JournalRecord): Error | undefined => {
    if (closed !== undefined) return new Error('journal is closed')
    const unfit = frameRefusal(record)
    if (unfit) return new Error(unfit)
    const size = frameSize(record)
    const waiting = gather.bytes() + (flights.flying()?.bytes.length ?? 0)
    if (memory.bytes() + waiting + size > limits.maxBytes) health.allowance(true)
    if (waiting + size > limits.maxWaitingBytes) return new Error('journal is behind')
    return health.refusal()
  }

  const append = (record: JournalRecord, done: Done) => {
    const refusal = refusalOf(record)
    if (refusal) {
      counts.refused += 1
      gather.refuse(done, refusal)
    } else gather.add(record, done)
    flights.start()
  }

  const trim = async (upTo: number) => {
    if (!link || closed !== undefined) return
    const roll = health.state() === 'full'
    const { segments, error } = await link.call({ kind: 'trim', upTo, roll })
    memory.replaced(segments)
    recheckAllowance()
    if (error) throw new Error(`cannot trim the journal: ${error.message}`)
    if (health.isBroken()) await repair.now()
  }

  const finish = async () => {
    await repair.stop()
    await flights.idle()
    await link?.call({ kind: 'close' }).catch((error: unknown) => {
      log.warn({ reason: messageOf(error) }, 'journal worker did not close')
    })
  }

  return {
    append,
    trim,
    counts: () => counts,
    settledUntil: () => {
      const flyingSince = flights.flying()?.oldestAt ?? Number.POSITIVE_INFINITY
      const refusingSince = health.refusingSince() ?? Number.POSITIVE_INFINITY
      return Math.min(clock.now(), gather.oldestAt(), flyingSince, refusingSince)
    },
    lost: (error) => {
      link = undefined
      health.broken(error)
      repair.later()
    },
    close: () => {
      closed ??= finish()
      return closed
    },
  }
}
