import type { Log } from '../core/log.ts'
import type { Batch, Gather } from './journal-gather.ts'

export type DiskError = { code?: string | undefined; message: string }

type Flight = { batch: Batch; result: Promise<DiskError | undefined> }

/** Syncs what has gathered, one batch at a time, and answers strictly first in first out. */
export type Flights = {
  /** Something gathered; it leaves together with what else comes in this turn of the loop. */
  start: () => void
  /** The batch that is being synced. */
  flying: () => Batch | undefined
  /** Resolves when nothing gathers and nothing flies. */
  idle: () => Promise<void>
}

export function createFlights(options: {
  log: Log
  gather: Gather
  /** Resolves to the error, never rejects. */
  sync: (batch: Batch) => Promise<DiskError | undefined>
  /** A batch failed; tells the error for all who wait. */
  onFailure: (error: DiskError, records: number) => Error
  onSynced: () => void
}): Flights {
  const { log, gather, sync } = options
  let flying: Batch | undefined
  let running: Promise<void> | undefined

  const settle = (batch: Batch, failure?: Error) => {
    for (const { done, refusal } of batch.waiters) {
      try {
        done(refusal ?? failure)
      } catch (error) {
        log.error({ err: error }, 'a journal callback threw')
      }
    }
  }

  const launch = (): Flight | undefined => {
    if (gather.waiting() === 0) return undefined
    const batch = gather.take()
    flying = batch
    return { batch, result: batch.records > 0 ? sync(batch) : Promise.resolve(undefined) }
  }

  /** What gathered meanwhile fails too: behind a hole in its stream no client may go on. */
  const fail = (batch: Batch, error: DiskError) => {
    const next = gather.take()
    const failure = options.onFailure(error, batch.records + next.records)
    settle(batch, failure)
    settle(next, failure)
  }

  const land = (batch: Batch, error: DiskError | undefined): Flight | undefined => {
    flying = undefined
    if (error) {
      fail(batch, error)
      return undefined
    }
    // The worker syncs the next batch while this one is answered.
    const next = launch()
    settle(batch)
    if (batch.records > 0) options.onSynced()
    return next
  }

  const fly = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    let flight = launch()
    while (flight) {
      const error = await flight.result
      flight = land(flight.batch, error) ?? launch()
    }
    running = undefined
  }

  return {
    start: () => {
      running ??= fly()
    },
    flying: () => flying,
    idle: async () => running,
  }
}
