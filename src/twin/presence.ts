import { type Clock, seconds } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createLoop, type Loop } from '../core/loop.ts'
import { inChunks } from '../db/chunks.ts'
import type { Database, Tx } from '../db/database.ts'
import type { TwinTables } from './schema.ts'

export type Presence = {
  /** From the broker; keeps only the newest word per agent and writes in groups. */
  note: (agentId: string, session: number, connected: boolean) => void
  stop: () => Promise<void>
}

type Word = { session: number; connected: boolean; at: number }

/**
 * Compare-and-set: on one hub a lower session never overwrites a higher one, and a close never
 * touches an agent that another hub serves by now. Connecting always wins.
 */
async function save(
  tx: Tx<TwinTables>,
  hubId: string,
  words: readonly [string, Word][],
): Promise<void> {
  const [came, left] = [
    words.filter(([, word]) => word.connected),
    words.filter(([, word]) => !word.connected),
  ]
  await inChunks(
    came.map(([agentId, { session, at }]) => ({ agentId, hubId, session, connected: 1, at })),
    (rows) =>
      tx
        .insertInto('presence')
        .values(rows)
        .onConflict((oc) =>
          oc.column('agentId').doUpdateSet((eb) => ({
            hubId: eb.ref('excluded.hubId'),
            session: eb.ref('excluded.session'),
            connected: eb.ref('excluded.connected'),
            at: eb.ref('excluded.at'),
          })),
        )
        .execute(),
  )
  for (const [agentId, { session, at }] of left) {
    await tx
      .updateTable('presence')
      .set({ connected: 0, at })
      .where('agentId', '=', agentId)
      .where('hubId', '=', hubId)
      .where('session', '<=', session)
      .execute()
  }
}

export function createPresence(options: {
  db: Database<TwinTables>
  hubId: string
  clock: Clock
  log: Log
}): Presence {
  const { db, hubId, clock, log } = options
  let words = new Map<string, Word>()
  const loop: Loop = createLoop({
    name: 'presence',
    clock,
    log,
    idleMs: seconds(60),
    turn: async () => {
      if (words.size === 0) return false
      const now = [...words].toSorted(([a], [b]) => (a < b ? -1 : 1))
      await db.write((tx) => save(tx, hubId, now))
      for (const [agentId, word] of now) if (words.get(agentId) === word) words.delete(agentId)
      return words.size > 0
    },
  })
  return {
    note: (agentId, session, connected) => {
      const known = words.get(agentId)
      if (known && known.session > session) return
      words.set(agentId, { session, connected, at: clock.now() })
      loop.wake()
    },
    stop: async () => {
      await loop.stop()
      const rest = [...words]
      words = new Map()
      if (rest.length > 0) await db.write((tx) => save(tx, hubId, rest))
    },
  }
}

/** A hub that starts anew serves nobody yet, whatever its last run left behind. */
export const forgetPresence = (db: Database<TwinTables>, hubId: string): Promise<void> =>
  db.write(async (tx) => {
    await tx.updateTable('presence').set({ connected: 0 }).where('hubId', '=', hubId).execute()
  })
