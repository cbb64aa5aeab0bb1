import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createManualClock, days, hours, type ManualClock, minutes } from '../../src/core/clock.ts'
import { createEmbeddedSeries } from '../../src/ingest/embedded.ts'
import { type Point, type SeriesStore, StoreUnavailable } from '../../src/ingest/series.ts'

const start = days(20_000)
let folder = ''
let clock: ManualClock
const open: SeriesStore[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ansang-embedded-'))
  clock = createManualClock(start)
})
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const openStore = (options: Partial<Parameters<typeof createEmbeddedSeries>[0]> = {}) => {
  const store = createEmbeddedSeries({ folder, clock, ...options })
  open.push(store)
  return store
}

const ups = (at: number, in_v: number, asset = 'u1'): Point => ({
  measurement: 'ups',
  asset,
  part: '',
  at,
  fields: { in_v },
})

const ask = (store: SeriesStore, extra: object = {}) =>
  store.query({
    measurement: 'ups',
    asset: 'u1',
    fields: ['in_v'],
    from: 0,
    to: clock.now() + days(1),
    ...extra,
  })

const inFile = <T>(work: (db: DatabaseSync) => T): T => {
  const db = new DatabaseSync(join(folder, 'series.db'))
  try {
    return work(db)
  } finally {
    db.close()
  }
}

describe('embedded series', () => {
  it('drops each level at its own age and answers from the next coarser one', async () => {
    const retention = { raw: days(2), m5: days(5), h1: days(40) }
    const store = openStore({ retention })
    for (let hour = 0; hour < 24 * 10; hour++) {
      clock.advance(hours(1))
      const at = clock.now()
      await store.write([ups(at - minutes(50), hour), ups(at - minutes(45), hour + 10)])
      if (hour % 6 === 0) await store.maintain(clock.now())
    }
    await store.maintain(clock.now() + minutes(5))
    const counts = inFile((db) =>
      ['raw', 'm5', 'h1'].map(
        (level) => db.prepare(`SELECT count(*) AS n FROM ${level}_ups`).get()?.['n'],
      ),
    )
    // Whole blocks go: an hour of raw, a day of 5 minutes, 32 days of hours.
    expect(counts).toEqual([2 * 24 * 2, expect.any(Number), 24 * 10])
    expect(counts[1]).toBeGreaterThanOrEqual(2 * 24 * 5)
    expect(counts[1]).toBeLessThan(2 * 24 * 7)
    const rows = await ask(store, { everyMs: hours(1) })
    expect(rows.map((row) => row.values['in_v'])).toEqual(
      Array.from({ length: 24 * 10 }, (_, hour) => hour + 5),
    )
    const samples = await ask(store)
    expect(samples.length).toBeGreaterThan(24 * 10)
    expect(samples[0]?.values).toEqual({ in_v: 5 })
    expect(samples.at(-1)?.values).toEqual({ in_v: 249 })
  })

  it('never rolls up an hour of which a part is gone', async () => {
    const store = openStore({ retention: { raw: days(2) } })
    const at = start + minutes(10)
    await store.write([ups(at, 100), ups(at + minutes(45), 200)])
    clock.advance(days(2) + minutes(30))
    // Half of the hour is beyond the age now; the hour is still whole, or refused as a whole.
    await store.maintain(clock.now())
    const late = await store.write([ups(at + minutes(30), 300)])
    expect(late.stored).toBe(1)
    await store.maintain(clock.now())
    expect(await ask(store, { everyMs: hours(1), aggregate: 'min' })).toMatchObject([
      { values: { in_v: 100 } },
    ])
    clock.advance(hours(1))
    await store.maintain(clock.now())
    expect((await store.write([ups(at + minutes(31), 1)])).refused).toHaveLength(1)
    expect(await ask(store, { everyMs: hours(1), aggregate: 'min' })).toMatchObject([
      { values: { in_v: 100 } },
    ])
  })

  it('refuses what it dropped once, even when the clock is set back', async () => {
    const store = openStore({ retention: { raw: days(2) } })
    await store.write([ups(start - hours(20), 1), ups(start, 2)])
    clock.advance(days(4))
    await store.write([ups(clock.now(), 3)])
    await store.maintain(clock.now())
    clock.step(-days(4))
    expect((await store.write([ups(start - hours(19), 4)])).refused).toHaveLength(1)
    await store.close()
    const again = openStore({ retention: { raw: days(2) } })
    expect((await again.write([ups(start - hours(19), 4)])).refused).toHaveLength(1)
    expect((await again.write([ups(clock.now() + days(3), 4)])).stored).toBe(1)
  })

  it('is not emptied by a clock that jumps years ahead', async () => {
    const store = openStore()
    await store.write([ups(start - hours(5), 1), ups(start - 1000, 2)])
    clock.step(days(4000))
    await store.maintain(clock.now())
    clock.step(-days(4000))
    expect((await ask(store)).map((row) => row.values['in_v'])).toEqual([1, 2])
  })

  it('is away while its folder cannot be used, and works when it can', async () => {
    const blocked = join(folder, 'sub')
    writeFileSync(blocked, 'a file where the folder should be')
    const store = openStore({ folder: blocked })
    const point = ups(start - 1000, 1)
    await expect(store.write([point])).rejects.toBeInstanceOf(StoreUnavailable)
    expect(await store.health()).toMatchObject({ ok: false, reason: expect.any(String) })
    rmSync(blocked)
    expect(await store.health()).toEqual({ ok: true })
    expect(await store.write([point])).toMatchObject({ stored: 1 })
  })

  it('says so when its file is not a database, and leaves the file alone', async () => {
    const path = join(folder, 'series.db')
    writeFileSync(path, 'x'.repeat(10_000))
    const store = openStore()
    await expect(store.write([ups(start, 1)])).rejects.toThrow('not a database')
    rmSync(path)
    expect(await store.write([ups(start, 1)])).toMatchObject({ stored: 1 })
  })

  it('stores nothing of a batch that fails in the middle, and goes on afterwards', async () => {
    const store = openStore()
    await store.write([ups(start - 5000, 1)])
    inFile((db) => {
      db.exec(`CREATE TRIGGER full BEFORE INSERT ON raw_ups WHEN new.in_v = 13
        BEGIN SELECT raise(ABORT, 'no more room'); END`)
    })
    const batch = [12, 13, 14].map((n) => ups(start - n * 1000, n, `new-${n}`))
    await expect(store.write(batch)).rejects.toThrow('no more room')
    expect(await ask(store, { asset: 'new-12' })).toEqual([])
    inFile((db) => db.exec('DROP TRIGGER full'))
    expect(await store.write(batch)).toMatchObject({ stored: 3 })
    for (const n of [12, 13, 14]) {
      expect(await ask(store, { asset: `new-${n}` })).toMatchObject([{ values: { in_v: n } }])
    }
  })

  it('gives a new measure its column in a file of before', async () => {
    const first = openStore()
    await first.write([ups(start - 1000, 1)])
    await first.close()
    inFile((db) => {
      db.exec('ALTER TABLE raw_ups DROP COLUMN load_pct')
      db.exec('ALTER TABLE m5_ups DROP COLUMN load_pct_max')
    })
    const second = openStore()
    await second.write([{ ...ups(start - 1000, 1), fields: { load_pct: 4 } }])
    await second.maintain(start + hours(3))
    expect(await ask(second, { fields: ['in_v', 'load_pct'] })).toMatchObject([
      { values: { in_v: 1, load_pct: 4 } },
    ])
  })

  it('rolls up a large hour in steps, with writes between them', async () => {
    const store = openStore()
    const at = start - hours(4)
    const fleet = Array.from({ length: 60_000 }, (_, n) =>
      ups(at + (n % 30) * 100_000, n % 30, `u${Math.floor(n / 30)}`),
    )
    await store.write(fleet)
    const upkeep = store.maintain(start)
    let between = 0
    const ended = upkeep.then(() => true)
    while (!((await Promise.race([ended, store.write([ups(at + 1, -7, 'u1999')])])) === true))
      between += 1
    expect(between).toBeGreaterThan(1)
    await store.maintain(start)
    for (const n of [0, 1000, 1999]) {
      const lowest = await ask(store, { asset: `u${n}`, everyMs: hours(1), aggregate: 'min' })
      expect(lowest).toMatchObject([{ values: { in_v: n === 1999 ? -7 : 0 } }])
    }
    inFile((db) => {
      expect(db.prepare('SELECT count(*) AS n FROM h1_ups').get()).toEqual({ n: 2000 })
      expect(db.prepare('SELECT count(*) AS n FROM dirty_hours').get()).toEqual({ n: 0 })
    })
  })
})
