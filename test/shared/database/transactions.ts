import { sql } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import { createManualClock } from '../../../src/core/clock.ts'
import { inChunks } from '../../../src/db/chunks.ts'
import { columns } from '../../../src/db/columns.ts'
import type { Database, Tx } from '../../../src/db/database.ts'
import { isUniqueViolation } from '../../../src/db/violations.ts'
import { closeAll, createGate, type Maker, open, startAt } from './maker.ts'

type Thing = {
  id: string
  sizeBytes: number | null
  ratio: number | null
  isOpen: number | boolean | null
  body: Uint8Array | null
  details: string | null
}
type Tables = { things: Thing; counters: { name: string; n: number } }

async function things(maker: Maker): Promise<{ db: Database<Tables>; url: string }> {
  const url = await maker.newUrl()
  const db = await open<Tables>(url, createManualClock(startAt))
  const { blob, flag, int8, json, real, text } = columns(db.dialect)
  await db.write(async (tx) => {
    await tx.schema
      .createTable('things')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('size_bytes', int8)
      .addColumn('ratio', real)
      .addColumn('is_open', flag)
      .addColumn('body', blob)
      .addColumn('details', json)
      .execute()
    await tx.schema
      .createTable('counters')
      .addColumn('name', text, (c) => c.primaryKey())
      .addColumn('n', int8, (c) => c.notNull())
      .execute()
    await tx.insertInto('counters').values({ name: 'a', n: 0 }).execute()
  })
  return { db, url }
}

const thing = (id: string, more: Partial<Thing> = {}): Thing => ({
  id,
  sizeBytes: null,
  ratio: null,
  isOpen: null,
  body: null,
  details: null,
  ...more,
})

const countThings = (db: Database<Tables>): Promise<number> =>
  db.read(async (q) => {
    const { n } = await q
      .selectFrom('things')
      .select((e) => e.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
    return n
  })

const addOne = async (tx: Tx<Tables>): Promise<void> => {
  const { n } = await tx
    .selectFrom('counters')
    .select('n')
    .where('name', '=', 'a')
    .executeTakeFirstOrThrow()
  await tx
    .updateTable('counters')
    .set({ n: n + 1 })
    .where('name', '=', 'a')
    .execute()
}

const readCounter = (db: Database<Tables>): Promise<number> =>
  db.read(async (q) => (await q.selectFrom('counters').select('n').executeTakeFirstOrThrow()).n)

export function describeValues(maker: Maker): void {
  describe('values', () => {
    afterEach(closeAll)

    test('come back as they went in', async () => {
      const { db } = await things(maker)
      const body = Uint8Array.from({ length: 300 }, (_, i) => i % 256)
      const row = thing('Ngã tư Chợ 🏮 ữ', {
        sizeBytes: Number.MAX_SAFE_INTEGER,
        ratio: 0.1,
        isOpen: 1,
        body,
        details: '{"tên":"đèn","n":[1,null,"\\u0000"]}',
      })
      const negative = thing('negative', { sizeBytes: Number.MIN_SAFE_INTEGER, ratio: -1e-12 })
      await db.write((tx) => tx.insertInto('things').values([row, negative]).execute())
      const [first, second] = await db.read((q) =>
        q.selectFrom('things').selectAll().orderBy('id', 'desc').execute(),
      )
      const back = [first, second].map((one) =>
        one?.body ? { ...one, body: Uint8Array.from(one.body) } : one,
      )
      expect(back).toContainEqual(row)
      expect(back).toContainEqual(negative)
    })

    test('keep only the view of a larger buffer', async () => {
      const { db } = await things(maker)
      const body = Buffer.from('0123456789').subarray(3, 6)
      await db.write((tx) => tx.insertInto('things').values(thing('v', { body })).execute())
      const row = await db.read((q) =>
        q.selectFrom('things').select('body').executeTakeFirstOrThrow(),
      )
      expect(Buffer.from(row.body ?? []).toString()).toBe('345')
    })

    test('are booleans only as 0 and 1, and have no NUL in text', async () => {
      const { db } = await things(maker)
      const row = thing('nul\0', { isOpen: true })
      await db.write((tx) => tx.insertInto('things').values(row).execute())
      const [back] = await db.read((q) => q.selectFrom('things').selectAll().execute())
      expect(back).toMatchObject({ id: 'nul\uFFFD', isOpen: 1 })
    })

    test.each([
      ['a date', new Date(0)],
      ['an object', { a: 1 }],
      ['NaN', Number.NaN],
    ])('refuse %s', async (_, value) => {
      const { db } = await things(maker)
      const insert = db.write((tx) => sql`insert into things (id) values (${value})`.execute(tx))
      await expect(insert).rejects.toThrow('cannot be a database parameter')
      expect(await countThings(db)).toBe(0)
    })

    test('beyond 2^53 throw instead of being rounded', async () => {
      const { db } = await things(maker)
      await db.write((tx) => sql`update counters set n = ${2n ** 60n}`.execute(tx))
      await expect(readCounter(db)).rejects.toThrow(/9007199254740991|2\^53|too large/)
    })

    test('of sums and means are numbers', async () => {
      const { db } = await things(maker)
      const rows = [1, 2, 4].map((n) => thing(`t${n}`, { sizeBytes: n }))
      await db.write((tx) => tx.insertInto('things').values(rows).execute())
      const row = await db.read((q) =>
        q
          .selectFrom('things')
          .select((e) => [e.fn.sum('sizeBytes').as('total'), e.fn.countAll().as('rowCount')])
          .executeTakeFirstOrThrow(),
      )
      expect(row).toEqual({ total: 7, rowCount: 3 })
    })

    test('fit in chunks whatever their number', async () => {
      const { db } = await things(maker)
      const rows = Array.from({ length: 12_345 }, (_, i) => thing(`t${i}`, { sizeBytes: i }))
      await db.write((tx) =>
        inChunks(rows, (chunk) => tx.insertInto('things').values(chunk).execute()),
      )
      expect(await countThings(db)).toBe(12_345)
      const found = await db.read((q) =>
        inChunks(
          rows.map(({ id }) => id),
          (ids) => q.selectFrom('things').select('id').where('id', 'in', ids).execute(),
        ),
      )
      expect(found.flat()).toHaveLength(12_345)
    })

    test('tell how many rows a statement changed', async () => {
      const { db } = await things(maker)
      const rows = ['a', 'b', 'c'].map((id) => thing(id))
      const counts = await db.write(async (tx) => {
        await tx.insertInto('things').values(rows).execute()
        const updated = await tx
          .updateTable('things')
          .set({ ratio: 1 })
          .where('id', '<', 'c')
          .executeTakeFirst()
        const deleted = await tx.deleteFrom('things').returning('id').execute()
        return [Number(updated.numUpdatedRows), deleted.length]
      })
      expect(counts).toEqual([2, 3])
    })
  })
}

export function describeTransactions(maker: Maker): void {
  describe('a transaction', () => {
    afterEach(closeAll)

    test('is undone as a whole by a throw', async () => {
      const { db } = await things(maker)
      const failed = db.write(async (tx) => {
        await tx.insertInto('things').values(thing('a')).execute()
        throw new Error('changed my mind')
      })
      await expect(failed).rejects.toThrow('changed my mind')
      expect(await countThings(db)).toBe(0)
      await db.write((tx) => tx.insertInto('things').values(thing('b')).execute())
      expect(await countThings(db)).toBe(1)
    })

    test('is undone by a failed statement even when its error is swallowed', async () => {
      const { db } = await things(maker)
      const swallowed = db.write(async (tx) => {
        await tx.insertInto('things').values(thing('a')).execute()
        await tx
          .insertInto('things')
          .values(thing('a'))
          .execute()
          .catch(() => {})
        return 'all is well'
      })
      const error = await swallowed.catch((one: unknown) => one)
      expect(isUniqueViolation(error)).toBe(true)
      expect(await countThings(db)).toBe(0)
    })

    test('is undone by a failed statement that nobody awaited', async () => {
      const { db } = await things(maker)
      const careless = db.write(async (tx) => {
        await tx.insertInto('things').values(thing('a')).execute()
        tx.insertInto('things')
          .values(thing('a'))
          .execute()
          .catch(() => {})
        await new Promise((resolve) => setImmediate(resolve))
      })
      await expect(careless).rejects.toThrow(/unique/i)
      expect(await countThings(db)).toBe(0)
    })

    test('ends before its forgotten statements could slip into the next one', async () => {
      const { db } = await things(maker)
      const failed = db.write(async (tx) => {
        const run = (id: string) =>
          tx
            .insertInto('things')
            .values(thing(id))
            .execute()
            .catch(() => {})
        void run('a')
        void run('b')
        // Both are on their way when this ends, and neither is answered: no I/O happens here.
        for (let i = 0; i < 50; i++) await Promise.resolve()
        throw new Error('stop')
      })
      await expect(failed).rejects.toThrow('stop')
      await db.write((tx) => tx.insertInto('things').values(thing('c')).execute())
      expect(await countThings(db)).toBe(1)
    })

    test('loses no update of two writers who read before they write', async () => {
      const { db, url } = await things(maker)
      const other = await open<Tables>(url, db.clock)
      const lockAndAdd = async (tx: Tx<Tables>) => {
        await sql`update counters set n = n where name = 'a'`.execute(tx)
        await addOne(tx)
      }
      const writes = Array.from({ length: 40 }, (_, i) => (i % 2 ? db : other).write(lockAndAdd))
      await Promise.all(writes)
      expect(await readCounter(db)).toBe(40)
    })

    test('reads one snapshot while others commit', async () => {
      const { db } = await things(maker)
      const first = createGate()
      const second = createGate()
      const reading = db.read(async (q) => {
        const before = await q.selectFrom('counters').select('n').executeTakeFirstOrThrow()
        first.open()
        await second.passed
        const after = await q.selectFrom('counters').select('n').executeTakeFirstOrThrow()
        return [before.n, after.n]
      })
      await first.passed
      await db.write((tx) => tx.updateTable('counters').set({ n: 5 }).execute())
      second.open()
      expect(await reading).toEqual([0, 0])
      expect(await readCounter(db)).toBe(5)
    })

    test('cannot write when it is a read', async () => {
      const { db } = await things(maker)
      const sneaky = db.read((q) => q.insertInto('things').values(thing('a')).execute())
      await expect(sneaky).rejects.toThrow(/read-?only/)
    })

    test.each([
      ['write', 'write'],
      ['read', 'write'],
      ['write', 'read'],
      ['read', 'read'],
    ] as const)('refuses db.%s inside db.%s instead of hanging', async (inner, outer) => {
      const { db } = await things(maker)
      const nested = db[outer](() => db[inner](async () => 1))
      await expect(nested).rejects.toThrow(`db.${inner} inside db.${outer}`)
      expect(await countThings(db)).toBe(0)
    })

    test('gives a handle that is dead afterwards', async () => {
      const { db } = await things(maker)
      const kept = await db.write(async (tx) => tx)
      await expect(kept.selectFrom('things').selectAll().execute()).rejects.toThrow(
        'used after its transaction ended',
      )
      const thrown: Tx<Tables>[] = []
      const failing = db.read(async (q) => {
        thrown.push(q)
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      const query = thrown[0]?.selectFrom('things').selectAll().execute()
      await expect(query).rejects.toThrow('used after its transaction ended')
    })

    test('serves many at once', async () => {
      const { db } = await things(maker)
      const writes = Array.from({ length: 60 }, (_, i) =>
        db.write((tx) =>
          tx
            .insertInto('things')
            .values(thing(`t${i}`))
            .execute(),
        ),
      )
      const reads = Array.from({ length: 60 }, () => countThings(db))
      await Promise.all([...writes, ...reads])
      expect(await countThings(db)).toBe(60)
    })

    test('is kept when the database is opened again', async () => {
      const { db, url } = await things(maker)
      await db.write((tx) => tx.insertInto('things').values(thing('kept')).execute())
      await closeAll()
      const again = await open<Tables>(url, createManualClock(startAt))
      expect(await countThings(again)).toBe(1)
    })
  })
}
