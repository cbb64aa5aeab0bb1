import { minutes } from '../core/clock.ts'
import type { AnyDatabase } from './database.ts'
import { withTables } from './database.ts'
import { dropLease, releaseLease, takeLease } from './leases.ts'
import type { DbTables } from './schema.ts'

export type JobRow = DbTables['jobs']

const leaseOf = (name: string): string => `job:${name}`

/** Started and never finished: its process ended in the middle. */
export const wasCutOff = (row: Pick<JobRow, 'lastStartedAt' | 'lastFinishedAt'>): boolean =>
  row.lastStartedAt !== null && (row.lastFinishedAt ?? -1) < row.lastStartedAt

/** The row of a job. A new job owes nothing for the time before `now`. */
export const registerJob = (db: AnyDatabase, name: string, now: number): Promise<JobRow> =>
  db.write(async (tx) => {
    const tables = withTables<DbTables>(tx)
    const nothing = { lastStartedAt: null, lastFinishedAt: null, lastOk: null, lastError: null }
    await tables
      .insertInto('jobs')
      .values({ name, lastSlotAt: now, ...nothing })
      // A slot in the future is from a clock that was wrong; left there it would end the job.
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ lastSlotAt: now })
          .where('jobs.lastSlotAt', '>', now + minutes(10)),
      )
      .execute()
    return tables.selectFrom('jobs').selectAll().where('name', '=', name).executeTakeFirstOrThrow()
  })

/** Gives up the slots up to `slotAt`. */
export const skipSlots = (db: AnyDatabase, name: string, slotAt: number): Promise<void> =>
  db.write(async (tx) => {
    await withTables<DbTables>(tx)
      .updateTable('jobs')
      .set({ lastSlotAt: slotAt })
      .where('name', '=', name)
      .where('lastSlotAt', '<', slotAt)
      .execute()
  })

export type Claim = {
  name: string
  holder: string
  /** The scheduled instant that this run is for. */
  slotAt: number
  /** Also claims a run of that slot that was cut off. */
  resume: boolean
  now: number
  leaseMs: number
}

/** Got it; somebody else has the lease; or there is nothing left to do for that slot. */
export type Outcome = 'claimed' | 'held' | 'done'

/**
 * Decides whether this process runs the job for that slot: of many hubs exactly one claims it.
 * The lease keeps runs apart, the slot in the row keeps a finished run from being run again by a
 * hub whose clock is a moment behind.
 */
export const claimRun = (
  db: AnyDatabase,
  claim: Claim,
): Promise<{ outcome: Outcome; lastSlotAt: number }> =>
  db.write(async (tx) => {
    const { name, holder, slotAt, resume, now, leaseMs } = claim
    const tables = withTables<DbTables>(tx)
    const jobs = tables.selectFrom('jobs').selectAll().where('name', '=', name)
    const lease = { name: leaseOf(name), holder }
    if (!(await takeLease(tx, { ...lease, ttlMs: leaseMs, now }))) {
      const { lastSlotAt } = await jobs.executeTakeFirstOrThrow()
      return { outcome: 'held', lastSlotAt }
    }
    // Read under the lease's row lock: whoever had it before has committed.
    const row = await jobs.executeTakeFirstOrThrow()
    if (slotAt <= row.lastSlotAt && !(resume && wasCutOff(row))) {
      await dropLease(tx, lease)
      return { outcome: 'done', lastSlotAt: row.lastSlotAt }
    }
    const lastSlotAt = Math.max(slotAt, row.lastSlotAt)
    await tables
      .updateTable('jobs')
      .set({ lastSlotAt, lastStartedAt: now })
      .where('name', '=', name)
      .execute()
    return { outcome: 'claimed', lastSlotAt }
  })

/** Keeps other hubs away from a run that takes long. False when the lease is lost. */
export const renewRun = (db: AnyDatabase, claim: Omit<Claim, 'slotAt' | 'resume'>) =>
  db.write((tx) =>
    takeLease(tx, {
      name: leaseOf(claim.name),
      holder: claim.holder,
      ttlMs: claim.leaseMs,
      now: claim.now,
    }),
  )

/** Records the end of a run and gives the lease back. */
export async function finishRun(
  db: AnyDatabase,
  run: { name: string; holder: string; now: number; error: string | undefined },
): Promise<void> {
  const { name, holder, now, error } = run
  await db.write(async (tx) => {
    await withTables<DbTables>(tx)
      .updateTable('jobs')
      .set({ lastFinishedAt: now, lastOk: error === undefined ? 1 : 0, lastError: error ?? null })
      .where('name', '=', name)
      .execute()
    await dropLease(tx, { name: leaseOf(name), holder })
  })
}

/** Gives back a claim that was not run: it counts as cut off, and is made up later. */
export const dropRun = (db: AnyDatabase, name: string, holder: string): Promise<void> =>
  releaseLease(db, { name: leaseOf(name), holder })
