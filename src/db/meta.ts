import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { type AnyDatabase, type AnyTx, withTables } from './database.ts'
import { lastSeq } from './events.ts'
import type { DbTables } from './schema.ts'

/** What a hub remembers of its database outside of it: a backup cannot bring this back. */
const Marker = z.object({ lineage: z.string(), lastSeq: z.int() })
type Marker = z.infer<typeof Marker>

async function lineageOf(tx: AnyTx): Promise<string> {
  const row = await withTables<DbTables>(tx)
    .selectFrom('meta')
    .select('value')
    .where('key', '=', 'lineage')
    .executeTakeFirstOrThrow()
  return row.value
}

/**
 * Id of this history of the database. Versions, cursors and stream positions handed to others
 * carry it: numbers are comparable only within one lineage.
 */
export const lineage = (db: AnyDatabase): Promise<string> => db.read(lineageOf)

/**
 * Begins a new lineage and returns it. With `instead`, only when the lineage is still that one:
 * of two hubs that both notice a restore the second finds the first one's lineage.
 */
export const newLineage = (db: AnyDatabase, instead?: string): Promise<string> =>
  db.write(async (tx) => {
    await withTables<DbTables>(tx)
      .updateTable('meta')
      .set({ value: randomUUID() })
      .where('key', '=', 'lineage')
      .$if(instead !== undefined, (update) => update.where('value', '=', instead ?? ''))
      .execute()
    return lineageOf(tx)
  })

const stateOf = (db: AnyDatabase): Promise<Marker> =>
  db.read(async (q) => ({ lineage: await lineageOf(q), lastSeq: await lastSeq(q) }))

/** Undefined when there is none, or when it cannot be read: then nothing can be concluded. */
function readMarker(file: string): Marker | undefined {
  try {
    return Marker.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}

/** Writes where the database stands into `markerFile`; call it now and then and when stopping. */
export async function saveMarker(db: AnyDatabase, markerFile: string): Promise<void> {
  const text = JSON.stringify(await stateOf(db))
  mkdirSync(dirname(markerFile), { recursive: true })
  const next = `${markerFile}.new`
  const file = await open(next, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(next, markerFile)
}

/**
 * Compares the database with the marker: one whose events end before the marker's was restored
 * from an older backup, and gets a new lineage. Call it at start, after the migrations and before
 * anything is appended. A restore to exactly the marker's place is no change for anybody.
 */
export async function detectRestore(
  db: AnyDatabase,
  markerFile: string,
): Promise<{ restored: boolean; lineage: string }> {
  const marker = readMarker(markerFile)
  const state = await stateOf(db)
  const restored = marker?.lineage === state.lineage && state.lastSeq < marker.lastSeq
  const current = restored ? await newLineage(db, state.lineage) : state.lineage
  if (restored) {
    const facts = { lineage: current, lastSeq: state.lastSeq, expected: marker.lastSeq }
    db.log.warn(facts, 'database was restored from a backup, a new lineage begins')
  }
  await saveMarker(db, markerFile)
  return { restored, lineage: current }
}

/** Keeps `value` under `key` when nothing is kept there yet; returns what is kept. */
export const rememberFirst = (db: AnyDatabase, key: string, value: string): Promise<string> =>
  db.write(async (tx) => {
    const meta = withTables<DbTables>(tx)
    await meta
      .insertInto('meta')
      .values({ key, value })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute()
    const row = await meta
      .selectFrom('meta')
      .select('value')
      .where('key', '=', key)
      .executeTakeFirstOrThrow()
    return row.value
  })
