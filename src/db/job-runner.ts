import { type Clock, minutes } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { messageOf } from '../core/problem.ts'
import type { AnyDatabase } from './database.ts'
import { claimRun, dropRun, finishRun, type Outcome, renewRun } from './job-runs.ts'

export type Job = {
  /** The same on every hub and for ever: key of the row and of the lease. */
  name: string
  /** Five fields, or six with seconds; day of month AND day of week when both are given. */
  cron: string
  /** Zone name, UTC when absent. In a zone with summer time an hour may be skipped or done once. */
  timeZone?: string
  /** Makes up one run for slots missed while no hub ran, and one cut off. True when absent. */
  catchUp?: boolean
  /** `signal` aborts when the hub stops. A throw is recorded and not repeated before its time. */
  run: (signal: AbortSignal) => Promise<void>
}

/** `lastSlotAt` is absent when the database was not asked. */
export type Claimed = { outcome: Outcome; lastSlotAt?: number }

export type Runner = {
  /** 'claimed' when this process, and no other, has to `perform` the job for that slot. */
  claim: (job: Job, slotAt: number, resume?: boolean) => Promise<Claimed>
  /** Runs a claimed job and records how it ended. Never throws. */
  perform: (job: Job) => Promise<void>
  /** Aborts what runs and waits for it. */
  stop: () => Promise<void>
}

const leaseMs = minutes(5)

type RunnerOptions = { db: AnyDatabase; clock: Clock; log: Log; holder: string }

/** Runs the job, keeping its lease meanwhile; returns why it failed. */
async function attempt(
  job: Job,
  options: RunnerOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { db, clock, log, holder } = options
  const { name, run } = job
  const renew = () =>
    renewRun(db, { name, holder, leaseMs, now: clock.now() }).then(
      (kept) => kept || log.warn({ job: name }, 'job lost its lease while running'),
      (error) => log.warn({ job: name, err: error }, 'job cannot renew its lease'),
    )
  // One after the other: a late one must neither shorten the lease nor take it after the end.
  let renewing: Promise<unknown> = Promise.resolve()
  const renewal = clock.every(leaseMs / 3, () => {
    renewing = renewing.then(renew)
  })
  try {
    await run(signal)
    return undefined
  } catch (error) {
    log.error({ job: name, err: error }, 'job failed')
    return messageOf(error) || 'failed'
  } finally {
    renewal.cancel()
    await renewing
  }
}

/** Runs jobs of this process, each at most once at a time. */
export function createRunner(options: RunnerOptions): Runner {
  const { db, clock, log, holder } = options
  const busy = new Set<string>()
  const runs = new Set<Promise<unknown>>()
  const stopping = new AbortController()

  const track = <T>(run: Promise<T>): Promise<T> => {
    const tracked = run.finally(() => runs.delete(tracked))
    runs.add(tracked)
    return tracked
  }
  const ask = async (name: string, slotAt: number, resume: boolean): Promise<Claimed> => {
    const order = { name, holder, slotAt, resume, now: clock.now(), leaseMs }
    const answer = await claimRun(db, order)
    if (answer.outcome !== 'claimed' || !stopping.signal.aborted) return answer
    await dropRun(db, name, holder)
    return { outcome: 'held' }
  }
  const claim: Runner['claim'] = async ({ name }, slotAt, resume = false) => {
    if (stopping.signal.aborted || busy.has(name)) return { outcome: 'held' }
    busy.add(name)
    let outcome: Outcome = 'held'
    try {
      const answer = await track(ask(name, slotAt, resume))
      outcome = answer.outcome
      return answer
    } finally {
      if (outcome !== 'claimed') busy.delete(name)
    }
  }
  const finish = async (job: Job): Promise<void> => {
    const { name } = job
    try {
      const error = await attempt(job, options, stopping.signal)
      await finishRun(db, { name, holder, now: clock.now(), error })
    } catch (error) {
      log.error({ job: name, err: error }, 'end of a job was not recorded')
    } finally {
      busy.delete(name)
    }
  }
  return {
    claim,
    perform: async (job) => {
      // Claimed a moment before the stop: the next start finds it cut off.
      if (stopping.signal.aborted) busy.delete(job.name)
      else await track(finish(job))
    },
    stop: async () => {
      stopping.abort()
      await Promise.allSettled(runs)
    },
  }
}
