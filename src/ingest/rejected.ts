import { days } from '../core/clock.ts'
import { newId } from '../core/ids.ts'
import { inChunks } from '../db/chunks.ts'
import { type AnyTx, type Database, withTables } from '../db/database.ts'
import type { Rejection } from './messages.ts'
import type { IngestTables } from './schema.ts'

/** Enough to see what it was; a flood of giants must not fill the database. */
const keptBytes = 4096
const keptRows = 50_000

/** Keeps what could not be used, in the reader's transaction. */
export async function keepRejected(tx: AnyTx, rejections: readonly Rejection[]): Promise<void> {
  const rows = rejections.map((one) => ({
    id: newId(one.receivedAt),
    at: one.receivedAt,
    agentId: one.agentId,
    channel: one.channel,
    kind: one.kind,
    reason: one.reason,
    size: one.payload.length,
    bytes: Uint8Array.from(one.payload.subarray(0, keptBytes)),
  }))
  await inChunks(rows, (chunk) =>
    withTables<IngestTables>(tx).insertInto('rejected').values(chunk).execute(),
  )
}

/** Drops what is older than 30 days or beyond the newest 50,000. */
export const pruneRejected = (db: Database<IngestTables>, now: number): Promise<void> =>
  db.write(async (tx) => {
    await tx
      .deleteFrom('rejected')
      .where('at', '<', now - days(30))
      .execute()
    const edge = await tx
      .selectFrom('rejected')
      .select('id')
      .orderBy('id', 'desc')
      .offset(keptRows)
      .limit(1)
      .executeTakeFirst()
    if (edge) await tx.deleteFrom('rejected').where('id', '<=', edge.id).execute()
  })
