import { type AnyDatabase, type AnyTx, withTables } from './database.ts'
import { lastSeq } from './events.ts'
import type { DbTables } from './schema.ts'

/** Small enough that appenders never wait long for a prune. */
const pruneBatch = 5000

/** Up to where every reader has read; a name in `keepFor` without a cursor has read nothing. */
async function slowestCursor(tx: AnyTx, keepFor: string[]): Promise<number> {
  const cursors = await withTables<DbTables>(tx)
    .selectFrom('eventCursors')
    .select(['name', 'seq'])
    .execute()
  const missing = keepFor.some((name) => !cursors.some((cursor) => cursor.name === name))
  return missing ? 0 : Math.min(...cursors.map(({ seq }) => seq))
}

/**
 * Deletes events from before `olderThan` (epoch ms) that every reader has passed, and returns how
 * many. `keepFor` names readers that count even before their first turn. The newest event stays:
 * its number tells a restored database from the one that went on.
 */
export async function pruneEvents(
  db: AnyDatabase,
  { olderThan, keepFor = [] }: { olderThan: number; keepFor?: string[] },
): Promise<number> {
  const pruneSome = (): Promise<number> =>
    db.write(async (tx) => {
      const upTo = Math.min(await slowestCursor(tx, keepFor), (await lastSeq(tx)) - 1)
      const events = withTables<DbTables>(tx)
      const result = await events
        .deleteFrom('events')
        .where('seq', 'in', (inner) =>
          inner
            .selectFrom('events')
            .select('seq')
            .where('seq', '<=', upTo)
            .where('at', '<', olderThan)
            .orderBy('seq')
            .limit(pruneBatch),
        )
        .executeTakeFirst()
      return Number(result.numDeletedRows)
    })
  let deleted = 0
  for (;;) {
    const some = await pruneSome()
    deleted += some
    if (some < pruneBatch) return deleted
  }
}

/** Removes the cursor of a reader that is no more, so that it no longer holds events back. */
export const forgetConsumer = (db: AnyDatabase, name: string): Promise<void> =>
  db.write(async (tx) => {
    await withTables<DbTables>(tx).deleteFrom('eventCursors').where('name', '=', name).execute()
  })
