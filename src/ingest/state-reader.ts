/**
 * The reader that turns accepted records into business state: in one transaction per batch it
 * sifts repeats, keeps what cannot be used, lets the rooms above apply the rest and moves its
 * cursor. So every record acts effectively once, whatever crashes when.
 */
import type { Accepted } from '../contract/wire/accepted.ts'
import type { Clock } from '../core/clock.ts'
import { seconds } from '../core/clock.ts'
import { newId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import { messageOf } from '../core/problem.ts'
import { type AnyTx, type Database, withTables } from '../db/database.ts'
import { cursorOf } from './cursor.ts'
import { loadKnown, saveKnown, sift } from './intake.ts'
import type { Journal } from './journal.ts'
import type { Opened, Opener, Rejection } from './messages.ts'
import { createReader, type Reader, type ReaderOptions } from './reader.ts'
import { keepRejected } from './rejected.ts'
import type { IngestTables } from './schema.ts'
import type { JournalEntry } from './segment.ts'

/** Applies fresh messages in their order. Runs inside the transaction; may run again on a conflict. */
export type Apply = (tx: AnyTx, messages: readonly Accepted[]) => Promise<void>

export type StateReaderOptions = {
  db: Database<IngestTables>
  journal: Journal
  hubId: string
  clock: Clock
  log: Log
  /** Since when agents could be heard without a break; epoch ms. */
  listeningSince: () => number
  open: Opener
  apply: readonly Apply[]
  /** After the commit: what was applied, for who lives from memory (live console, resending). */
  applied: (messages: readonly Accepted[]) => void
  count: (what: 'fresh' | 'repeated' | Rejection['kind'], n: number) => void
}

const name = 'state'
const aliveForMs = seconds(30)
/** A batch that failed so often has something in it that will always fail. */
const triesAtMost = 3

function rejectionsOf(fresh: readonly Opened[]): Rejection[] {
  return fresh.flatMap(({ read }) => ('rejection' in read ? [read.rejection] : []))
}

function messagesOf(fresh: readonly Opened[]): Accepted[] {
  return fresh.flatMap(({ read }) => ('message' in read ? [read.message] : []))
}

export function createStateReader(options: StateReaderOptions): Reader {
  const { db, journal, hubId, clock, log } = options

  const saveCursor = async (tx: AnyTx, position: number) => {
    const now = clock.now()
    const cursor = {
      position,
      watermark: reader.watermark(),
      listeningSince: options.listeningSince(),
      aliveUntil: now + aliveForMs,
    }
    await withTables<IngestTables>(tx)
      .insertInto('journalCursors')
      .values({ hubId, journalId: journal.id, reader: name, ...cursor })
      .onConflict((oc) => oc.columns(['hubId', 'journalId', 'reader']).doUpdateSet(cursor))
      .execute()
  }

  const keepOutage = async (tx: AnyTx, missing: { from: number; to: number }) => {
    const now = clock.now()
    await withTables<IngestTables>(tx)
      .insertInto('outages')
      .values({
        id: newId(now),
        hubId,
        kind: 'journal-range-lost',
        fromAt: now,
        toAt: now,
        detail: JSON.stringify(missing),
      })
      .execute()
  }

  /** A will is the broker's word and not the agent's: it does not say that the agent was heard. */
  const isSaid = ({ read }: Opened) => !('nothing' in read)

  const take = async (
    entries: readonly JournalEntry[],
    next: number,
    missing: { from: number; to: number } | undefined,
  ) => {
    const batch = entries.map(options.open).filter(isSaid)
    const done = await db.write(async (tx) => {
      const agentIds = [...new Set(batch.map(({ entry }) => entry.agentId))]
      const { fresh, after, repeated } = sift(await loadKnown(tx, agentIds, db.dialect), batch)
      const rejections = rejectionsOf(fresh)
      const messages = messagesOf(fresh)
      await saveKnown(tx, after)
      if (rejections.length > 0) await keepRejected(tx, rejections)
      if (missing) await keepOutage(tx, missing)
      await saveCursor(tx, next)
      // Rooms come last: they append events, which must end the transaction.
      for (const apply of options.apply) await apply(tx, messages)
      return { messages, rejections, repeated }
    })
    options.count('fresh', done.messages.length)
    options.count('repeated', done.repeated)
    for (const { kind } of done.rejections) options.count(kind, 1)
    options.applied(done.messages)
  }

  /** Puts one record aside that no room could apply; throws when the database is away. */
  const putAside = async (entry: JournalEntry, error: unknown) => {
    const { agentId, channel, receivedAt, payload } = entry
    const reason = `could not be applied: ${messageOf(error)}`.slice(0, 300)
    log.error({ agentId, channel, err: error }, 'a record is put aside')
    await db.write(async (tx) => {
      await keepRejected(tx, [{ kind: 'rejected', agentId, channel, receivedAt, reason, payload }])
      await saveCursor(tx, entry.next)
    })
    options.count('rejected', 1)
  }

  /** One by one, so that a single record which breaks a room does not stop a province. */
  const takeSingly = async (entries: readonly JournalEntry[]) => {
    for (const entry of entries) {
      try {
        await take([entry], entry.next, undefined)
      } catch (error) {
        await putAside(entry, error)
      }
    }
  }

  let failures = 0
  const handle: ReaderOptions['handle'] = async (entries, next, missing) => {
    try {
      await take(entries, next, missing)
    } catch (error) {
      failures += 1
      if (failures < triesAtMost || entries.length === 0) throw error
      await takeSingly(entries)
    }
    failures = 0
  }

  const reader = createReader({
    journal,
    name,
    clock,
    log,
    maxBytes: 2 * 1024 * 1024,
    from: () => cursorOf(db, { hubId, journal, reader: name }),
    handle,
  })
  return reader
}

/** Tells the other hubs how far this one knows, also when nothing comes in. */
export const reportWatermark = (
  db: Database<IngestTables>,
  own: {
    hubId: string
    journalId: string
    position: number
    watermark: number
    listeningSince: number
    now: number
  },
): Promise<void> =>
  db.write(async (tx) => {
    const { hubId, journalId, position, watermark, listeningSince, now } = own
    const known = { watermark, listeningSince, aliveUntil: now + aliveForMs }
    await tx
      .insertInto('journalCursors')
      .values({ hubId, journalId, reader: name, position, ...known })
      .onConflict((oc) => oc.columns(['hubId', 'journalId', 'reader']).doUpdateSet(known))
      .execute()
  })
