import { sql } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import { createManualClock, hours } from '../../../src/core/clock.ts'
import { silentLog } from '../../../src/core/log.ts'
import type { Loop } from '../../../src/core/loop.ts'
import type { Database, Tx } from '../../../src/db/database.ts'
import { forgetConsumer, pruneEvents } from '../../../src/db/event-keeping.ts'
import {
  appendEvent,
  appendEvents,
  createConsumer,
  type EventRow,
  readEvents,
} from '../../../src/db/events.ts'
import type { DbTables } from '../../../src/db/schema.ts'
import { until } from '../../support/until.ts'
import { closeAll, createGate, type Maker, migrated, open, startAt } from './maker.ts'

type Tables = DbTables & { seen: { seq: number; by: string } }

const consumers: Loop[] = []

async function stopAll(): Promise<void> {
  for (const consumer of consumers.splice(0)) await consumer.stop()
  await closeAll()
}

function consume(
  db: Database<Tables>,
  options: Partial<Parameters<typeof createConsumer<Tables>>[0]> = {},
): { got: EventRow[]; loop: Loop } {
  const got: EventRow[] = []
  const loop = createConsumer<Tables>({
    db,
    name: 'reader',
    clock: db.clock,
    log: silentLog,
    handle: async (_, events) => {
      got.push(...events)
    },
    ...options,
  })
  consumers.push(loop)
  return { got, loop }
}

const append = (db: Database<Tables>, ...subjects: string[]): Promise<number> =>
  db.write((tx) =>
    appendEvents(
      tx,
      subjects.map((subject) => ({ kind: 'lamp.lit', subject })),
      db.clock.now(),
    ),
  )

const cursorOf = (db: Database<Tables>, name = 'reader'): Promise<number | undefined> =>
  db.read(async (q) => {
    const row = await q
      .selectFrom('eventCursors')
      .select('seq')
      .where('name', '=', name)
      .executeTakeFirst()
    return row?.seq
  })

const subjectsOf = (events: EventRow[]): string[] => events.map(({ subject }) => subject)

const note = (tx: Tx<Tables>, events: EventRow[], by: string): Promise<unknown> =>
  tx
    .insertInto('seen')
    .values(events.map(({ seq }) => ({ seq, by })))
    .execute()

async function withSeen(maker: Maker) {
  const made = await migrated<Tables>(maker)
  await made.db.write((tx) =>
    tx.schema.createTable('seen').addColumn('seq', 'integer').addColumn('by', 'text').execute(),
  )
  return made
}

const countSeen = (db: Database<Tables>): Promise<number> =>
  db.read(async (q) => (await q.selectFrom('seen').select('seq').execute()).length)

export function describeEvents(maker: Maker): void {
  describe('events', () => {
    afterEach(stopAll)

    test('come back in order with their data', async () => {
      const { db } = await migrated<Tables>(maker)
      const data = { tên: 'Ngã tư Chợ', n: [1, null], deep: { a: true } }
      const first = await db.write((tx) =>
        appendEvent(tx, { kind: 'alert.opened', subject: 'a1', data }, startAt),
      )
      const second = await append(db, 'a2', 'a3')
      expect(second).toBeGreaterThan(first)
      const events = await readEvents(db, 0, 10)
      expect(events[0]).toEqual({
        seq: first,
        at: startAt,
        kind: 'alert.opened',
        subject: 'a1',
        data,
      })
      expect(subjectsOf(events)).toEqual(['a1', 'a2', 'a3'])
      expect(subjectsOf(await readEvents(db, first, 1))).toEqual(['a2'])
    })

    test('are gone with the transaction that fails', async () => {
      const { db } = await migrated<Tables>(maker)
      const failing = db.write(async (tx) => {
        await appendEvent(tx, { kind: 'alert.opened', subject: 'a1' }, startAt)
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect(await readEvents(db, 0, 10)).toEqual([])
    })

    test('of a slow transaction are not passed by those of a fast one', async () => {
      const { db, url } = await migrated<Tables>(maker)
      const other = await open<Tables>(url, db.clock)
      const appended = createGate()
      const release = createGate()
      const slow = db.write(async (tx) => {
        await appendEvent(tx, { kind: 'lamp.lit', subject: 'slow' }, startAt)
        appended.open()
        await release.passed
      })
      await appended.passed
      const { got } = consume(other)
      let committed = false
      const fast = append(other, 'fast').then(() => {
        committed = true
      })
      await until(async () => committed || (await waitsForItsTurn(db)))
      // Without turns the fast one is committed by now and read, and the cursor passes the slow one.
      if (committed) await until(() => got.length > 0)
      release.open()
      await Promise.all([slow, fast])
      await append(other, 'last')
      await until(() => subjectsOf(got).includes('last'))
      expect(subjectsOf(got)).toEqual(['slow', 'fast', 'last'])
    })

    test('of many writers are read by a running consumer without a gap, in order', async () => {
      const { db, url } = await migrated<Tables>(maker)
      const other = await open<Tables>(url, db.clock)
      const { got } = consume(db, { batch: 7 })
      const writers = Array.from({ length: 60 }, (_, i) => append(i % 2 ? db : other, `w${i}`))
      await Promise.all(writers)
      await append(db, 'last')
      await until(() => got.length >= 61)
      const seqs = got.map(({ seq }) => seq)
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
      expect(new Set(subjectsOf(got)).size).toBe(61)
    })

    test('wake only after a commit, and only when one was appended', async () => {
      const { db } = await migrated<Tables>(maker)
      let wakes = 0
      const stop = db.onAppended(() => wakes++)
      await db.write(async () => 1)
      await db
        .write(async (tx) => {
          await appendEvent(tx, { kind: 'a.b', subject: 'x' }, startAt)
          expect(wakes).toBe(0)
          throw new Error('no')
        })
        .catch(() => {})
      expect(wakes).toBe(0)
      await append(db, 'x')
      expect(wakes).toBe(1)
      stop()
      await append(db, 'y')
      expect(wakes).toBe(1)
    })
  })

  describe('a consumer', () => {
    afterEach(stopAll)

    test('gets what was there before it, and what comes, by the wake-up alone', async () => {
      const { db } = await migrated<Tables>(maker)
      await append(db, 'before')
      const { got } = consume(db)
      await until(() => got.length === 1)
      await append(db, 'after')
      await until(() => got.length === 2)
      expect(subjectsOf(got)).toEqual(['before', 'after'])
    })

    test('finds the events of other processes by looking', async () => {
      const clock = createManualClock(startAt)
      const { db, url } = await migrated<Tables>(maker, clock)
      const other = await open<Tables>(url, clock)
      const { got } = consume(db)
      await append(other, 'theirs')
      await until(() => {
        clock.advance(1000)
        return got.length === 1
      })
      expect(subjectsOf(got)).toEqual(['theirs'])
    })

    test('passes kinds that it does not want', async () => {
      const { db } = await migrated<Tables>(maker)
      await append(db, 'lit')
      await db.write((tx) => appendEvent(tx, { kind: 'lamp.out', subject: 'out' }, startAt))
      const last = await append(db, 'lit again')
      const { got } = consume(db, { kinds: ['lamp.out'] })
      await until(async () => (await cursorOf(db)) === last)
      expect(subjectsOf(got)).toEqual(['out'])
    })

    test('that throws has consumed nothing and done nothing, then resumes', async () => {
      const { db, clock } = await withSeen(maker)
      const last = await append(db, 'a', 'b', 'c')
      let failures = 0
      const { loop } = consume(db, {
        handle: async (tx, events) => {
          await note(tx, events, 'first')
          failures++
          throw new Error('crash')
        },
      })
      await until(() => failures > 0)
      await loop.stop()
      expect(await countSeen(db)).toBe(0)
      expect(await cursorOf(db)).toBeUndefined()
      consume(db, { handle: async (tx, events) => void (await note(tx, events, 'second')) })
      await until(async () => (await countSeen(db)) === 3)
      expect(await cursorOf(db)).toBe(last)
      expect(clock.now()).toBe(startAt)
    })

    test('goes on where it stopped when it is started again', async () => {
      const { db } = await withSeen(maker)
      await append(db, 'a', 'b')
      const first = consume(db, { batch: 1 })
      await until(() => first.got.length === 2)
      await first.loop.stop()
      await append(db, 'c')
      const second = consume(db)
      await until(() => second.got.length === 1)
      expect(subjectsOf(second.got)).toEqual(['c'])
    })

    test('in two processes with one name handles each event once', async () => {
      const { db, url } = await withSeen(maker)
      const other = await open<Tables>(url, db.clock)
      const last = await append(db, ...Array.from({ length: 100 }, (_, i) => `e${i}`))
      const handle = (by: string) => async (tx: Tx<Tables>, events: EventRow[]) => {
        await note(tx, events, by)
      }
      consume(db, { batch: 3, handle: handle('one') })
      consume(other, { batch: 3, handle: handle('two') })
      await until(async () => (await cursorOf(db)) === last)
      const seen = await db.read((q) => q.selectFrom('seen').select('seq').execute())
      expect(seen).toHaveLength(100)
      expect(new Set(seen.map(({ seq }) => seq)).size).toBe(100)
    })

    test('may append events of its own', async () => {
      const { db } = await migrated<Tables>(maker)
      await append(db, 'cause')
      const { got } = consume(db, {
        name: 'chain',
        kinds: ['lamp.lit'],
        handle: async (tx, events) => {
          const answers = events.map(({ subject }) => ({ kind: 'order.opened', subject }))
          await appendEvents(tx, answers, startAt)
        },
      })
      const orders = consume(db, { kinds: ['order.opened'] })
      await until(() => orders.got.length === 1)
      expect(got).toEqual([])
      expect(subjectsOf(orders.got)).toEqual(['cause'])
    })
  })

  describe('pruning', () => {
    afterEach(stopAll)

    const later = startAt + hours(1)

    test('stops at the slowest reader and leaves the newest event', async () => {
      const { db } = await migrated<Tables>(maker)
      await append(db, 'a', 'b')
      const { got, loop } = consume(db)
      await until(() => got.length === 2)
      await loop.stop()
      await append(db, 'c', 'd')
      expect(await pruneEvents(db, { olderThan: startAt })).toBe(0)
      expect(await pruneEvents(db, { olderThan: later })).toBe(2)
      expect(subjectsOf(await readEvents(db, 0, 10))).toEqual(['c', 'd'])
      await forgetConsumer(db, 'reader')
      expect(await pruneEvents(db, { olderThan: later })).toBe(1)
      expect(subjectsOf(await readEvents(db, 0, 10))).toEqual(['d'])
    })

    test('waits for readers that have not begun', async () => {
      const { db } = await migrated<Tables>(maker)
      await append(db, 'a', 'b')
      const order = { olderThan: later, keepFor: ['notify'] }
      expect(await pruneEvents(db, order)).toBe(0)
    })

    test('gives no number twice', async () => {
      const { db } = await migrated<Tables>(maker)
      const last = await append(db, 'a', 'b')
      await db.write((tx) => tx.deleteFrom('events').execute())
      expect(await append(db, 'c')).toBeGreaterThan(last)
    })
  })
}

/** SQLite has one writer, so there the second one waits from its beginning. */
const waitsForItsTurn = (db: Database<Tables>): Promise<boolean> =>
  db.dialect === 'sqlite'
    ? Promise.resolve(true)
    : db.read(async (q) => {
        const { rows } = await sql`select 1 from pg_locks
          where locktype = 'advisory' and not granted
            and database = (select oid from pg_database where datname = current_database())
        `.execute(q)
        return rows.length > 0
      })
