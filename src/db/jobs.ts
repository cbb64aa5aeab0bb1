/**
 * Work at set times, once for all hubs of one database. node-cron wakes it by the machine's
 * clock; what is due is decided by the injected clock and the `jobs` rows, so that slots missed
 * while nothing ran, or lived through on a test clock, are made up once. Jobs must be idempotent
 * and driven by what is stored, not by when they are called.
 */
import { createTask, parse, type ScheduledTask } from 'node-cron'
import { type Clock, minutes, systemClock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { AnyDatabase } from './database.ts'
import { createRunner, type Job, type Runner } from './job-runner.ts'
import { registerJob, skipSlots, wasCutOff } from './job-runs.ts'
import { latestSlot, type Pattern } from './slots.ts'

export type Jobs = {
  /** Before `start`. Throws for a pattern or a zone that is none. */
  add: (job: Job) => void
  /** Resolves when all is scheduled; runs that are made up go on behind it. */
  start: () => Promise<void>
  /** Resolves when no run is left. */
  stop: () => Promise<void>
}

export type JobsOptions = {
  db: AnyDatabase
  clock: Clock
  log: Log
  /** Tells this process from the other hubs. */
  holder: string
}

type Scheduled = {
  job: Job
  pattern: Pattern
  task: ScheduledTask
  lastSlotAt: number
  /** Its last run was cut off and nobody has made it up yet. */
  cutOff: boolean
}

const checkEveryMs = minutes(1)

/** Beyond this the injected clock is on a journey of its own and cron's slots are not its slots. */
const sameClockMs = minutes(1)

const cronLogger = (log: Log) => ({
  info: (message: string) => log.debug({ message }, 'cron says'),
  warn: (message: string) => log.warn({ message }, 'cron warns'),
  error: (message: string | Error, error?: Error) =>
    log.error({ err: error ?? message }, 'cron failed'),
  debug: (message: string | Error) => log.debug({ message: String(message) }, 'cron says'),
})

/** The task of node-cron: it asks the runner at each slot and never runs on its own account. */
function createCronTask(job: Job, options: JobsOptions, runner: Runner): ScheduledTask {
  const { clock, log } = options
  const shouldRun = async (key: string): Promise<boolean> => {
    if (Math.abs(clock.now() - systemClock.now()) > sameClockMs) return false
    const slotAt = Date.parse(key.slice(job.name.length + 1))
    return (await runner.claim(job, slotAt)).outcome === 'claimed'
  }
  return createTask(job.cron, () => runner.perform(job), {
    name: job.name,
    timezone: job.timeZone ?? 'UTC',
    noOverlap: true,
    distributed: true,
    runCoordinator: { shouldRun },
    logger: cronLogger(log),
  })
}

function toPattern(job: Job, task: ScheduledTask): Pattern {
  const { second, minute } = parse(job.cron)
  return { seconds: second, minutes: minute, matches: (at) => task.match(at) }
}

/** Makes a scheduler; nothing runs before `start`. */
export function createJobs(options: JobsOptions): Jobs {
  const { db, clock, log } = options
  const runner = createRunner(options)
  const scheduled = new Map<string, Scheduled>()

  const makeUp = async (one: Scheduled): Promise<void> => {
    const { job, cutOff } = one
    const missed = latestSlot(one.pattern, one.lastSlotAt, clock.now())
    if (missed === undefined && !cutOff) return
    const { outcome, lastSlotAt } = await runner.claim(job, missed ?? one.lastSlotAt, cutOff)
    one.lastSlotAt = lastSlotAt ?? one.lastSlotAt
    if (outcome !== 'held') one.cutOff = false
    if (outcome !== 'claimed') return
    log.info({ job: job.name, slotAt: lastSlotAt }, 'job runs now')
    await runner.perform(job)
  }
  const makeUpBehind = (one: Scheduled): void => {
    makeUp(one).catch((error) =>
      log.warn({ job: one.job.name, err: error }, 'job could not be looked after'),
    )
  }
  const begin = async (one: Scheduled): Promise<void> => {
    const { name, catchUp = true } = one.job
    const row = await registerJob(db, name, clock.now())
    one.lastSlotAt = catchUp ? row.lastSlotAt : Math.max(row.lastSlotAt, clock.now())
    one.cutOff = catchUp && wasCutOff(row)
    if (catchUp) makeUpBehind(one)
    else await skipSlots(db, name, one.lastSlotAt)
  }

  let check = { cancel: () => {} }
  return {
    add: (job) => {
      if (scheduled.has(job.name)) throw new Error(`there is a job ${job.name} already`)
      const task = createCronTask(job, options, runner)
      const pattern = toPattern(job, task)
      scheduled.set(job.name, { job, pattern, task, lastSlotAt: clock.now(), cutOff: false })
    },
    start: async () => {
      for (const one of scheduled.values()) await begin(one)
      for (const { task } of scheduled.values()) await task.start()
      check = clock.every(checkEveryMs, () => {
        for (const one of scheduled.values()) makeUpBehind(one)
      })
    },
    stop: async () => {
      check.cancel()
      for (const { task } of scheduled.values()) await task.destroy()
      await runner.stop()
    },
  }
}
