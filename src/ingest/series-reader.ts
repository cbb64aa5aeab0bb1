/**
 * The reader that brings telemetry to the series store. It never holds the journal back: while the
 * store is away its sink spools. Records may come twice; the same point written again is the same.
 */
import type { Accepted } from '../contract/wire/accepted.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { type Database, withTables } from '../db/database.ts'
import { cursorOf } from './cursor.ts'
import type { Journal } from './journal.ts'
import type { Opener } from './messages.ts'
import { createReader, type Reader } from './reader.ts'
import type { IngestTables } from './schema.ts'
import type { JournalEntry } from './segment.ts'
import type { Point } from './series.ts'
import { type ResolveAsset, toPoints } from './to-points.ts'

const name = 'series'

type Options = {
  db: Database<IngestTables>
  journal: Journal
  hubId: string
  clock: Clock
  log: Log
  open: Opener
  resolve: ResolveAsset
  /** Resolves when the points are stored or spooled. */
  write: (points: Point[]) => Promise<void>
  count: (what: 'unbound', n: number) => void
}

function telemetryOf(entry: JournalEntry, open: Opener): Accepted<'telemetry'> | undefined {
  if (entry.channel !== 'telemetry') return undefined
  const { read } = open(entry)
  return 'message' in read && read.message.channel === 'telemetry' ? read.message : undefined
}

export function createSeriesReader(options: Options): Reader {
  const { db, journal, hubId, clock, log } = options

  const saveCursor = (position: number) =>
    db.write(async (tx) => {
      const row = { position, watermark: 0, listeningSince: 0, aliveUntil: 0 }
      await withTables<IngestTables>(tx)
        .insertInto('journalCursors')
        .values({ hubId, journalId: journal.id, reader: name, ...row })
        .onConflict((oc) => oc.columns(['hubId', 'journalId', 'reader']).doUpdateSet(row))
        .execute()
    })

  return createReader({
    journal,
    name,
    clock,
    log,
    maxBytes: 2 * 1024 * 1024,
    from: () => cursorOf(db, { hubId, journal, reader: name }),
    handle: async (entries, next) => {
      const points: Point[] = []
      let unbound = 0
      for (const entry of entries) {
        const message = telemetryOf(entry, options.open)
        if (!message) continue
        const made = toPoints(message, options.resolve)
        points.push(...made.points)
        unbound += made.unbound
      }
      if (points.length > 0) await options.write(points)
      if (unbound > 0) options.count('unbound', unbound)
      await saveCursor(next)
    },
  })
}
