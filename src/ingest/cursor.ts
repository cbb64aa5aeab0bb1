import type { Database } from '../db/database.ts'
import type { Journal } from './journal.ts'
import type { IngestTables } from './schema.ts'

type Place = { hubId: string; journal: Journal; reader: string }

/** Where a reader of this journal stopped; the oldest record that is kept for one that is new. */
export async function cursorOf(
  db: Database<IngestTables>,
  { hubId, journal, reader }: Place,
): Promise<number> {
  const row = await db.read((q) =>
    q
      .selectFrom('journalCursors')
      .select('position')
      .where('hubId', '=', hubId)
      .where('journalId', '=', journal.id)
      .where('reader', '=', reader)
      .executeTakeFirst(),
  )
  return row?.position ?? journal.tail()
}
