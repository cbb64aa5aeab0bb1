import { type Clock, seconds } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createLoop, type Loop } from '../core/loop.ts'
import type { AnyDatabase } from './database.ts'
import { type EventRow, lastSeq, readEvents } from './events.ts'

/**
 * Follows the events from now on, for what lives in memory (caches, live console). It keeps no
 * cursor: who starts anew reads its state first. Events of other hubs are seen within a second.
 */
export async function startTail(options: {
  db: AnyDatabase
  clock: Clock
  log: Log
  handle: (events: readonly EventRow[]) => Promise<void>
}): Promise<Loop & { seq: () => number }> {
  const { db, clock, log } = options
  let seq = await db.read((q) => lastSeq(q))
  const loop = createLoop({
    name: 'tail',
    clock,
    log,
    idleMs: seconds(1),
    turn: async () => {
      const events = await readEvents(db, seq, 500)
      if (events.length === 0) return false
      await options.handle(events)
      seq = events.at(-1)?.seq ?? seq
      return true
    },
  })
  const unwatch = db.onAppended(loop.wake)
  return {
    ...loop,
    seq: () => seq,
    stop: async () => {
      unwatch()
      await loop.stop()
    },
  }
}
