import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type Clock,
  createManualClock,
  days,
  hours,
  minutes,
  seconds,
  systemClock,
} from '../../../src/core/clock.ts'
import { silentLog } from '../../../src/core/log.ts'
import type { AnyDatabase, Database } from '../../../src/db/database.ts'
import { appendEvent } from '../../../src/db/events.ts'
import type { Job } from '../../../src/db/job-runner.ts'
import { claimRun, finishRun, registerJob } from '../../../src/db/job-runs.ts'
import { createJobs, type Jobs } from '../../../src/db/jobs.ts'
import { releaseLease, tryLease } from '../../../src/db/leases.ts'
import { detectRestore, lineage, newLineage, saveMarker } from '../../../src/db/meta.ts'
import { migrate } from '../../../src/db/migrate.ts'
import { type DbTables, dbMigrations } from '../../../src/db/schema.ts'
import { until } from '../../support/until.ts'
import { closeAll, createGate, type Maker, migrated, open, startAt } from './maker.ts'

export function describeLeases(maker: Maker): void {
  describe('a lease', () => {
    afterEach(closeAll)

    const order = { name: 'roll-up', ttlMs: minutes(1) }

    test('is held by one, renewed by it, and free after its time', async () => {
      const { db } = await migrated(maker)
      const take = (holder: string, now: number) => tryLease(db, { ...order, holder, now })
      expect(await take('a', startAt)).toBe(true)
      expect(await take('b', startAt + seconds(59))).toBe(false)
      expect(await take('a', startAt + seconds(59))).toBe(true)
      expect(await take('b', startAt + seconds(61))).toBe(false)
      expect(await take('b', startAt + seconds(119))).toBe(true)
      expect(await take('a', startAt + seconds(120))).toBe(false)
    })

    test('is given back by its holder only', async () => {
      const { db } = await migrated(maker)
      await tryLease(db, { ...order, holder: 'a', now: startAt })
      await releaseLease(db, { name: order.name, holder: 'b' })
      expect(await tryLease(db, { ...order, holder: 'b', now: startAt })).toBe(false)
      await releaseLease(db, { name: order.name, holder: 'a' })
      expect(await tryLease(db, { ...order, holder: 'b', now: startAt })).toBe(true)
    })

    test('goes to exactly one of many who ask at once', async () => {
      const { db, url } = await migrated(maker)
      const other = await open(url, db.clock)
      const asked = Array.from({ length: 20 }, (_, i) =>
        tryLease(i % 2 ? db : other, { ...order, holder: `h${i}`, now: startAt }),
      )
      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1)
    })

    test('from a clock that was years ahead does not last for ever', async () => {
      const { db } = await migrated(maker)
      await tryLease(db, { ...order, holder: 'a', now: startAt + days(9000) })
      expect(await tryLease(db, { ...order, holder: 'b', now: startAt })).toBe(true)
    })
  })
}

export function describeLineage(maker: Maker): void {
  describe('the lineage', () => {
    afterEach(closeAll)

    const event = { kind: 'a.b', subject: 'x' }
    const append = (db: AnyDatabase) => db.write((tx) => appendEvent(tx, event, startAt))

    test('is made once and kept', async () => {
      const { db, url } = await migrated(maker)
      const first = await lineage(db)
      expect(first).toMatch(/^[0-9a-f-]{36}$/)
      await closeAll()
      const again = await open(url, createManualClock(startAt))
      await migrate(again, dbMigrations, {
        backupFolder: maker.newFolder(),
        clock: again.clock,
        log: silentLog,
      })
      expect(await lineage(again)).toBe(first)
    })

    test('is renewed once by two that notice the same restore', async () => {
      const { db } = await migrated(maker)
      const old = await lineage(db)
      const fresh = await newLineage(db, old)
      expect(fresh).not.toBe(old)
      expect(await newLineage(db, old)).toBe(fresh)
      expect(await lineage(db)).toBe(fresh)
    })

    test('changes when the events end before the marker, and only then', async () => {
      const { db } = await migrated<DbTables>(maker)
      const marker = join(maker.newFolder(), 'state', 'database.json')
      const first = await lineage(db)
      expect(await detectRestore(db, marker)).toEqual({ restored: false, lineage: first })
      await append(db)
      await append(db)
      await saveMarker(db, marker)
      await append(db)
      expect(await detectRestore(db, marker)).toEqual({ restored: false, lineage: first })
      await db.write((tx) => tx.deleteFrom('events').execute())
      await append(db)
      expect((await detectRestore(db, marker)).restored).toBe(false)
      await db.write((tx) => tx.deleteFrom('events').execute())
      const after = await detectRestore(db, marker)
      expect(after.restored).toBe(true)
      expect(after.lineage).not.toBe(first)
      expect(await lineage(db)).toBe(after.lineage)
      expect(await detectRestore(db, marker)).toEqual({ restored: false, lineage: after.lineage })
    })

    test.each(['', '{"lineage":', '{}'])(
      'is not changed by the damaged marker %j',
      async (text) => {
        const { db } = await migrated(maker)
        const marker = join(maker.newFolder(), 'database.json')
        writeFileSync(marker, text)
        const first = await lineage(db)
        expect(await detectRestore(db, marker)).toEqual({ restored: false, lineage: first })
        expect(JSON.parse(readFileSync(marker, 'utf8'))).toEqual({ lineage: first, lastSeq: 0 })
      },
    )
  })
}

const rowOf = (db: Database<DbTables>, name: string) =>
  db.read((q) => q.selectFrom('jobs').selectAll().where('name', '=', name).executeTakeFirst())

export function describeJobs(maker: Maker): void {
  describe('a job', () => {
    const schedulers: Jobs[] = []
    afterEach(async () => {
      for (const one of schedulers.splice(0)) await one.stop()
      await closeAll()
    })

    async function start(
      db: AnyDatabase,
      job: Partial<Job>,
      { clock = db.clock, holder = 'hub-1' }: { clock?: Clock; holder?: string } = {},
    ) {
      let runs = 0
      const jobs = createJobs({ db, clock, log: silentLog, holder })
      schedulers.push(jobs)
      const run = async () => void runs++
      jobs.add({ name: 'report', cron: '0 3 * * *', run, ...job })
      await jobs.start()
      return { jobs, runs: () => runs }
    }

    const finished = async (db: Database<DbTables>, at: number) =>
      (await rowOf(db, 'report'))?.lastFinishedAt === at

    test('runs by the machine clock, once for two hubs', async () => {
      const { db, url } = await migrated<DbTables>(maker, systemClock)
      const other = await open<DbTables>(url, systemClock)
      const slots: string[] = []
      const note = async () => {
        const row = await rowOf(db, 'report')
        slots.push(String(row?.lastSlotAt))
      }
      const job = { cron: '* * * * * *', run: note }
      const one = await start(db, job, { holder: 'one' })
      const two = await start(other, job, { holder: 'two' })
      await until(() => slots.length >= 3, { timeoutMs: 30_000 })
      await one.jobs.stop()
      await two.jobs.stop()
      expect(new Set(slots).size).toBe(slots.length)
      expect(slots.every((slot) => Number(slot) % 1000 === 0)).toBe(true)
    })

    test('is not run again for its slot by a hub whose clock is a moment behind', async () => {
      const { db } = await migrated<DbTables>(maker)
      await registerJob(db, 'report', startAt)
      const slotAt = startAt + minutes(1)
      const claim = (holder: string, now: number, slot = slotAt) =>
        claimRun(db, { name: 'report', holder, slotAt: slot, resume: false, now, leaseMs: 1000 })
      expect((await claim('one', slotAt)).outcome).toBe('claimed')
      expect((await claim('two', slotAt)).outcome).toBe('held')
      await finishRun(db, { name: 'report', holder: 'one', now: slotAt + 5, error: undefined })
      expect(await claim('two', slotAt + 10)).toEqual({ outcome: 'done', lastSlotAt: slotAt })
      const next = slotAt + minutes(1)
      expect((await claim('two', next, next)).outcome).toBe('claimed')
    })

    test('runs for a slot lived through on a test clock, and leaves its times', async () => {
      const clock = createManualClock(startAt)
      const { db } = await migrated<DbTables>(maker, clock)
      const { runs } = await start(db, {})
      const due = Date.UTC(2026, 6, 31, 3)
      clock.advance(due - startAt - minutes(1))
      expect(runs()).toBe(0)
      clock.advance(minutes(1))
      await until(() => finished(db, due))
      expect(runs()).toBe(1)
      expect(await rowOf(db, 'report')).toEqual({
        name: 'report',
        lastSlotAt: due,
        lastStartedAt: due,
        lastFinishedAt: due,
        lastOk: 1,
        lastError: null,
      })
    })

    test('missed many times while nothing ran is made up once', async () => {
      const { db } = await migrated<DbTables>(maker)
      const first = await start(db, {})
      await first.jobs.stop()
      expect(first.runs()).toBe(0)
      const later = createManualClock(startAt + days(5))
      const second = await start(db, {}, { clock: later })
      await until(() => finished(db, later.now()))
      expect(second.runs()).toBe(1)
      expect((await rowOf(db, 'report'))?.lastSlotAt).toBe(Date.UTC(2026, 7, 4, 3))
      const third = await start(db, {}, { clock: later, holder: 'hub-2' })
      later.advance(minutes(5))
      await third.jobs.stop()
      expect(third.runs()).toBe(0)
    })

    test('that does not want to catch up waits for its next time', async () => {
      const { db } = await migrated<DbTables>(maker)
      await (await start(db, { catchUp: false })).jobs.stop()
      const later = createManualClock(startAt + days(5))
      const { runs } = await start(db, { catchUp: false }, { clock: later })
      later.advance(hours(1))
      expect((await rowOf(db, 'report'))?.lastSlotAt).toBe(startAt + days(5))
      expect(runs()).toBe(0)
      const due = Date.UTC(2026, 7, 5, 3)
      later.advance(due - later.now())
      await until(() => finished(db, due))
      expect(runs()).toBe(1)
    })

    test('that throws is recorded, and runs again at its next time', async () => {
      const clock = createManualClock(Date.UTC(2026, 6, 31, 2, 59))
      const { db } = await migrated<DbTables>(maker, clock)
      let fail = true
      await start(db, {
        run: async () => {
          if (fail) throw new Error('no paper')
        },
      })
      clock.advance(minutes(1))
      await until(() => finished(db, clock.now()))
      expect(await rowOf(db, 'report')).toMatchObject({ lastOk: 0, lastError: 'no paper' })
      fail = false
      clock.advance(days(1))
      await until(() => finished(db, clock.now()))
      expect(await rowOf(db, 'report')).toMatchObject({ lastOk: 1, lastError: null })
    })

    test('that takes longer than its lease stays with its hub', async () => {
      const clock = createManualClock(Date.UTC(2026, 6, 31, 2, 59))
      const { db, url } = await migrated<DbTables>(maker, clock)
      const other = await open<DbTables>(url, clock)
      const gate = createGate()
      let begun = 0
      const run = async () => {
        begun++
        await gate.passed
      }
      const job = { cron: '*/10 * * * *', run }
      await start(db, job, { holder: 'one' })
      await start(other, job, { holder: 'two' })
      const leaseUntil = () =>
        db.read(async (q) => {
          const row = await q.selectFrom('leases').select('until').executeTakeFirst()
          return row?.until ?? 0
        })
      try {
        clock.advance(minutes(1))
        await until(() => begun === 1)
        for (let i = 0; i < 12; i++) {
          clock.advance(minutes(1))
          await until(async () => (await leaseUntil()) > clock.now() + minutes(2))
        }
        expect(begun).toBe(1)
      } finally {
        gate.open()
      }
      await until(() => finished(db, clock.now()))
      expect(await leaseUntil()).toBe(0)
    })

    test('cut off in the middle is made up by whoever starts next', async () => {
      const { db } = await migrated<DbTables>(maker)
      const cut = { lastStartedAt: startAt, lastFinishedAt: startAt - 1, lastOk: 1 }
      await db.write((tx) =>
        tx
          .insertInto('jobs')
          .values({ name: 'report', lastSlotAt: startAt, ...cut, lastError: null })
          .execute(),
      )
      await tryLease(db, { name: 'job:report', holder: 'dead', ttlMs: minutes(5), now: startAt })
      const clock = createManualClock(startAt + minutes(1))
      const { runs } = await start(db, {}, { clock })
      clock.advance(minutes(1))
      expect(runs()).toBe(0)
      await until(() => {
        clock.advance(minutes(1))
        return runs() === 1
      })
      expect(clock.now()).toBeGreaterThanOrEqual(startAt + minutes(5))
      await until(async () => (await rowOf(db, 'report'))?.lastFinishedAt !== startAt - 1)
      clock.advance(minutes(10))
      expect(runs()).toBe(1)
    })

    test('with a slot in the far future, from a wrong clock, still runs', async () => {
      const { db } = await migrated<DbTables>(maker)
      const wrong = createManualClock(startAt + days(9000))
      await (await start(db, {}, { clock: wrong })).jobs.stop()
      const clock = createManualClock(startAt)
      const { runs } = await start(db, {}, { clock })
      clock.advance(days(1))
      await until(() => runs() === 1)
      expect((await rowOf(db, 'report'))?.lastSlotAt).toBe(Date.UTC(2026, 6, 31, 3))
    })

    test('is told to stop, and waited for', async () => {
      const clock = createManualClock(Date.UTC(2026, 6, 31, 2, 59))
      const { db } = await migrated<DbTables>(maker, clock)
      let state = 'not begun'
      const { jobs } = await start(db, {
        run: async (signal) => {
          state = 'begun'
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          state = 'ended'
        },
      })
      clock.advance(minutes(1))
      await until(() => state === 'begun')
      await jobs.stop()
      expect(state).toBe('ended')
      expect(await rowOf(db, 'report')).toMatchObject({ lastOk: 1 })
    })

    test.each(['every day', '0 0 31 2 *', '61 * * * *'])('refuses the time %j', async (cron) => {
      const { db } = await migrated<DbTables>(maker)
      await expect(start(db, { cron })).rejects.toThrow()
    })
  })
}
