import type { Clock, Timer } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { messageOf } from '../core/problem.ts'
import { type Batch, createGather, type Done } from './journal-gather.ts'
import type { Health } from './journal-health.ts'
import type { JournalLink } from './journal-link.ts'
import type { JournalMemory } from './journal-memory.ts'
import { frameRefusal, frameSize, type JournalRecord } from './segment.ts'

export type Committer = {
  append: (record: JournalRecord, done: Done) => void
  trim: (upTo: number) => Promise<void>
  settledUntil: () => number
  counts: () => { refused: number; commits: number; records: number }
  /** The worker is gone; what waits is refused, and a new one is started after `retryMs`. */
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

type DiskError = { code?: string | undefined; message: string }
type Flight = { batch: Batch; result: Promise<DiskError | undefined> }

/**
 * Group commit: one batch is being synced, the next one gathers. Callbacks come strictly first in
 * first out. After a failure everything that waits is refused; the folder is probed until it takes
 * bytes again.
 */
export function createCommitter(options: Options): Committer {
  const { clock, log, health, memory, limits, wake } = options
  const gather = createGather(options.seed)
  const counts = { refused: 0, commits: 0, records: 0 }
  let link: JournalLink | undefined = options.link
  let flying: Batch | undefined
  let starting = false
  let closing = false
  let closed: Promise<void> | undefined
  let recovering: Promise<void> | undefined
  let retry: Timer | undefined
  let onIdle: (() => void) | undefined

  const settle = (batch: Batch, failure?: Error) => {
    for (const { done, refusal } of batch.waiters) {
      try {
        done(refusal ?? failure)
      } catch (error) {
        log.error({ err: error }, 'a journal callback threw')
      }
    }
  }

  const failAll = (batch: Batch, error: DiskError) => {
    const next = gather.take()
    health.broken(error)
    const refusal = health.refusal() ?? new Error(error.message)
    counts.refused += batch.records + next.records
    settle(batch, refusal)
    settle(next, refusal)
    armRetry()
  }

  const sync = async (batch: Batch) => {
    if (!link) throw new Error('journal worker has ended')
    const answer = await link.call({ kind: 'commit', bytes: batch.bytes })
    if (answer.error) {
      memory.replaced(answer.segments)
      return answer.error
    }
    memory.committed(answer)
    counts.commits += 1
    counts.records += batch.records
    return undefined
  }

  const launch = (): Flight | undefined => {
    if (gather.waiting() === 0) return undefined
    const batch = gather.take()
    flying = batch
    const nothing = batch.records === 0
    return { batch, result: nothing ? Promise.resolve(undefined) : sync(batch).catch(asError) }
  }

  const land = (batch: Batch, error: DiskError | undefined): Flight | undefined => {
    flying = undefined
    if (error) {
      failAll(batch, error)
      return undefined
    }
    // The worker syncs the next batch while this one is answered.
    const next = launch()
    settle(batch)
    if (batch.records > 0) wake()
    return next
  }

  const fly = async () => {
    let flight = launch()
    while (flight) {
      const error = await flight.result
      flight = land(flight.batch, error) ?? launch()
    }
    starting = false
    onIdle?.()
  }

  const start = () => {
    if (starting) return
    starting = true
    setImmediate(() => void fly())
  }

  const refusalOf = (record: JournalRecord): Error | undefined => {
    if (closing) return new Error('journal is closed')
    const unfit = frameRefusal(record)
    if (unfit) return new Error(unfit)
    const size = frameSize(record)
    const waiting = gather.bytes() + (flying?.bytes.length ?? 0)
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
    start()
  }

  const tryAgain = async () => {
    retry?.cancel()
    retry = undefined
    try {
      link ??= await options.relink()
      const answer = await link.call({ kind: 'probe' })
      memory.replaced(answer.segments)
      if (answer.error) throw answer.error
      health.mended()
      recheck()
      wake()
    } catch (error) {
      health.broken(asError(error))
      armRetry()
    }
  }

  const recover = (): Promise<void> => {
    recovering ??= tryAgain().finally(() => {
      recovering = undefined
    })
    return recovering
  }

  const armRetry = () => {
    if (closing) return
    retry?.cancel()
    retry = clock.after(limits.retryMs, () => void recover())
  }

  const recheck = () => {
    if (memory.bytes() <= limits.maxBytes - limits.slackBytes) health.allowance(false)
  }

  const trim = async (upTo: number) => {
    if (!link || closing) return
    const roll = health.state() === 'full'
    const answer = await link.call({ kind: 'trim', upTo, roll })
    memory.replaced(answer.segments)
    recheck()
    if (health.isBroken() && !answer.error) await recover()
    if (answer.error) throw new Error(`cannot trim the journal: ${answer.error.message}`)
  }

  const finish = async () => {
    retry?.cancel()
    await recovering
    if (starting) {
      await new Promise<void>((resolve) => {
        onIdle = resolve
      })
    }
    await link?.call({ kind: 'close' }).catch((error: unknown) => {
      log.warn({ reason: messageOf(error) }, 'journal worker did not close')
    })
  }

  return {
    append,
    trim,
    counts: () => counts,
    settledUntil: () =>
      Math.min(
        clock.now(),
        gather.oldestAt(),
        flying?.oldestAt ?? Number.POSITIVE_INFINITY,
        health.refusingSince() ?? Number.POSITIVE_INFINITY,
      ),
    lost: (error) => {
      link = undefined
      health.broken({ message: error.message })
      armRetry()
    },
    close: () => {
      closing = true
      closed ??= finish()
      return closed
    },
  }
}

const asError = (error: unknown): DiskError => {
  const { code } = error as { code?: string }
  return { code, message: messageOf(error) }
}
