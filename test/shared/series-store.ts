import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createManualClock, days, hours, type ManualClock, minutes } from '../../src/core/clock.ts'
import type { Aggregate, Point, Retention, SeriesStore } from '../../src/ingest/series.ts'
import { bruteForce } from '../support/series-truth.ts'

export type StoreUnderTest = {
  store: SeriesStore
  /** Closes the store and opens it again on the same data. */
  reopen: () => Promise<SeriesStore>
  remove: () => Promise<void>
}

export type MakeStore = (options: {
  clock: ManualClock
  retention?: Partial<Retention>
}) => Promise<StoreUnderTest>

const now = Math.floor(Date.now() / hours(1)) * hours(1) + minutes(20)

/** A reproducible sequence in [0, 1). */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const point = (asset: string, at: number, fields: Record<string, number>, part = ''): Point => ({
  measurement: 'ups',
  asset,
  part,
  at,
  fields,
})

/** The promises of SeriesStore, run on every implementation. */
export function describeSeriesStore(name: string, make: MakeStore): void {
  describe(`series store on ${name}`, () => {
    const clock = createManualClock(now)
    let under: StoreUnderTest
    let store: SeriesStore
    beforeAll(async () => {
      under = await make({ clock })
      store = under.store
    })
    afterAll(() => under.remove())

    const rows = (asset: string, extra: object = {}) =>
      store.query({
        measurement: 'ups',
        asset,
        fields: ['in_v', 'load_pct'],
        from: now - days(20),
        to: now + days(1),
        ...extra,
      })

    it('gives back what was written, by time and part, empty fields as null', async () => {
      const result = await store.write([
        point('plain', now - 1000, { in_v: 230.5 }),
        point('plain', now - 2000, { in_v: 0, load_pct: -4.25 }),
        point('plain', now - 1000, { load_pct: 1e-7 }, 'phase:A'),
      ])
      expect(result).toEqual({ stored: 3, refused: [] })
      expect(await rows('plain')).toEqual([
        { at: now - 2000, part: '', values: { in_v: 0, load_pct: -4.25 } },
        { at: now - 1000, part: '', values: { in_v: 230.5, load_pct: null } },
        { at: now - 1000, part: 'phase:A', values: { in_v: null, load_pct: 1e-7 } },
      ])
      expect(await rows('plain', { part: 'phase:A' })).toHaveLength(1)
      expect(await rows('plain', { part: '' })).toHaveLength(2)
    })

    it('overwrites and merges the fields of a point that comes again', async () => {
      await store.write([point('again', now - 5000, { in_v: 1, load_pct: 2 })])
      await store.write([point('again', now - 5000, { in_v: 3 })])
      await store.write([point('again', now - 5000, { in_v: 3 }), point('again', now - 5000, {})])
      await store.write([point('again', now - 5000, { in_v: 4 })])
      expect(await rows('again')).toEqual([
        { at: now - 5000, part: '', values: { in_v: 4, load_pct: 2 } },
      ])
    })

    it('includes from and excludes to', async () => {
      await store.write([1, 2, 3].map((n) => point('edges', now - n * 1000, { in_v: n })))
      const found = await rows('edges', { from: now - 3000, to: now - 1000 })
      expect(found.map((row) => row.at)).toEqual([now - 3000, now - 2000])
      expect(await rows('edges', { from: now, to: now - 10_000 })).toEqual([])
    })

    it('skips values that are not finite and refuses a point without any', async () => {
      const broken = { in_v: Number.NaN, load_pct: 5, out_v: Number.POSITIVE_INFINITY }
      const empty = point('nan', now - 2000, { in_v: Number.NaN, low: null as unknown as number })
      const result = await store.write([point('nan', now - 1000, broken), empty])
      expect(result).toEqual({
        stored: 1,
        refused: [{ point: empty, reason: 'no finite value' }],
      })
      expect(await rows('nan')).toEqual([
        { at: now - 1000, part: '', values: { in_v: null, load_pct: 5 } },
      ])
    })

    it.each([
      ['unknown measurement', { measurement: 'users; drop', fields: { in_v: 1 } }],
      ['unknown field', { fields: { 'in_v=1,x': 1 } }],
      ['no asset', { asset: '\n\u0000', fields: { in_v: 1 } }],
      ['bad time', { at: 1.5, fields: { in_v: 1 } }],
      ['bad time', { at: Number.NaN, fields: { in_v: 1 } }],
      ['name too long', { asset: 'x'.repeat(300), fields: { in_v: 1 } }],
    ])('refuses a point with %s and stores the others', async (reason, wrong) => {
      const bad = { ...point('refused', now - 1000, {}), ...wrong }
      const result = await store.write([bad, point('beside', now - 1000, { in_v: 1 })])
      expect(result.stored).toBe(1)
      expect(result.refused).toEqual([{ point: bad, reason: expect.stringContaining(reason) }])
      expect(await rows('beside')).toHaveLength(1)
    })

    it('refuses questions about names that do not exist', async () => {
      await expect(rows('x', { measurement: 'users' })).rejects.toMatchObject({
        code: 'request.invalid',
      })
      await expect(rows('x', { fields: ['in_v", "cpu'] })).rejects.toMatchObject({
        code: 'request.invalid',
      })
      await expect(rows('x', { from: Number.NaN })).rejects.toThrow('whole milliseconds')
    })

    const oddNames = [
      'Ngã tư Chợ Bến Thành – đường số 4',
      'a b,c=d',
      'it\'s "quoted"',
      'back\\slash',
      'back\\,comma',
      'back\\\\ two, \\= and more',
      'evil\nups,asset=other in_v=1',
      'nul\u0000inside',
      "\\' OR 1=1 --",
      "' OR '' = '",
      '") ; DROP MEASUREMENT ups; --',
      '$asset',
      '/.*/',
      '💡 đèn',
      '#comment',
    ]
    it('keeps odd names apart and lets none become something else', async () => {
      const written = oddNames.map((odd, n) => point(odd, now - 60_000, { in_v: n }, odd))
      expect(await store.write(written)).toEqual({ stored: oddNames.length, refused: [] })
      for (const [n, odd] of oddNames.entries()) {
        const found = await rows(odd)
        expect(found.map((row) => row.values['in_v'])).toEqual([n])
        expect(await rows(odd, { part: odd })).toEqual(found)
      }
      expect(await rows('other')).toEqual([])
      expect(await rows('')).toEqual([])
    })

    it('strips control characters and trailing backslashes in the same way when asking', async () => {
      await store.write([point('line\r\nbreak\\\\', now - 1000, { in_v: 7 })])
      expect(await rows('line\nbreak\\')).toHaveLength(1)
      expect(await rows('linebreak')).toHaveLength(1)
    })

    it('has nothing to say about what it never saw', async () => {
      expect(await rows('nobody')).toEqual([])
      expect(await rows('nobody', { everyMs: hours(1) })).toEqual([])
      expect(await rows('nobody', { aggregate: 'last' })).toEqual([])
      expect(await rows('plain', { from: 0, to: 1000 })).toEqual([])
      expect(await store.write([])).toEqual({ stored: 0, refused: [] })
    })

    it('takes 20,000 points at once', async () => {
      const many = Array.from({ length: 20_000 }, (_, n) =>
        point(`bulk-${n % 40}`, now - minutes(1) - Math.floor(n / 40) * 100, { in_v: n }),
      )
      expect(await store.write(many)).toEqual({ stored: 20_000, refused: [] })
      expect(await rows('bulk-7')).toHaveLength(500)
    })

    it('stores areas by their own tag', async () => {
      const area = { measurement: 'area_stats', asset: 'area-1', part: '', at: now - 1000 }
      await store.write([{ ...area, fields: { cameras_online: 12 } }])
      const found = await store.query({
        measurement: 'area_stats',
        asset: 'area-1',
        fields: ['cameras_online'],
        from: now - hours(1),
        to: now,
        everyMs: minutes(5),
      })
      expect(found.map((row) => row.values)).toEqual([{ cameras_online: 12 }])
    })

    describe('aggregates', () => {
      const asset = 'aggregate'
      const random = dice(20)
      const points: Point[] = []
      // Irregular samples over ten days, in two parts, with gaps and with missing fields.
      for (let at = now - days(10); at < now; at += 20_000 + Math.floor(random() * 1_500_000)) {
        const fields: Record<string, number> = { in_v: 200 + random() * 60 }
        if (random() < 0.6) fields['load_pct'] = Math.round(random() * 100)
        points.push(point(asset, at, fields, random() < 0.8 ? '' : 'phase:A'))
      }
      const late = points.filter((_, n) => n % 9 === 4)
      const onTime = points.filter((_, n) => n % 9 !== 4)

      const spans = [
        [now - days(9), now],
        [now - days(7) - 1_234_567, now - days(2) - 7_654_321],
        [now - hours(30) + 1, now + hours(5)],
        [now - minutes(50) - 3, now - minutes(2)],
        [0, now + days(400)],
      ] as const
      const steps = [minutes(1), minutes(5), minutes(15), hours(1), hours(6), days(1)]
      const hows: Aggregate[] = ['min', 'max', 'last']
      let turn = 0

      async function expectTruth(stored: Point[], part: string) {
        const ofPart = stored.filter((p) => p.part === part)
        for (const [from, to] of spans) {
          for (const everyMs of steps) {
            for (const how of ['mean', hows[turn++ % 3] ?? 'min'] as Aggregate[]) {
              const found = await rows(asset, { part, from, to, everyMs, aggregate: how })
              for (const field of ['in_v', 'load_pct']) {
                const truth = bruteForce(ofPart, { field, from, to, everyMs, how })
                const got = new Map(
                  found.flatMap((row) => {
                    const value = row.values[field]
                    return typeof value === 'number' ? [[row.at, value] as const] : []
                  }),
                )
                const what = `${field} ${how} each ${everyMs} in [${from}, ${to})`
                expect([...got.keys()], what).toEqual([...truth.keys()])
                for (const [at, value] of truth) expect(got.get(at), what).toBeCloseTo(value, 6)
              }
            }
          }
        }
      }

      it('are right before any roll-up was made', async () => {
        await store.write(onTime)
        await expectTruth(onTime, '')
        await expectTruth(onTime, 'phase:A')
      })

      it('are right from roll-ups, with partial edges and fresh samples', async () => {
        await store.maintain(now)
        await expectTruth(onTime, '')
        await expectTruth(onTime, 'phase:A')
      })

      it('see late samples at once, and again when roll-ups are made anew', async () => {
        await store.write(late)
        await expectTruth(points, '')
        await store.maintain(now)
        await expectTruth(points, '')
        await expectTruth(points, 'phase:A')
      })

      it('see a corrected sample', async () => {
        const first = points.find((p) => p.part === '' && p.at > now - days(5))
        if (!first) throw new Error('no sample to correct')
        first.fields = { ...first.fields, in_v: 9999 }
        await store.write([{ ...first, fields: { in_v: 9999 } }])
        await store.maintain(now)
        await expectTruth(points, '')
      })

      it('cover the whole span in one row when no step is asked', async () => {
        const [from, to] = [now - days(6) - 11, now - days(1) + 17]
        const inside = points.filter((p) => p.part === '' && p.at >= from && p.at < to)
        const highest = Math.max(...inside.map((p) => p.fields['in_v'] ?? 0))
        const found = await rows(asset, { part: '', from, to, aggregate: 'max' })
        expect(found).toMatchObject([{ at: from, part: '', values: { in_v: highest } }])
      })

      it('stay right after the store was opened again with hours still dirty', async () => {
        const extra = point(asset, now - days(3) - 777, { in_v: -500 })
        points.push(extra)
        await store.write([extra])
        store = await under.reopen()
        await expectTruth(points, '')
        await store.maintain(now)
        await expectTruth(points, '')
      })
    })

    it('rolls up whole hours when more assets are late than are worth naming', async () => {
      const at = now - hours(9)
      const crowd = Array.from({ length: 120 }, (_, n) => point(`crowd-${n}`, at, { in_v: n }))
      await store.write(crowd)
      await store.maintain(now)
      for (const n of [0, 60, 119]) {
        const found = await rows(`crowd-${n}`, { everyMs: hours(1), aggregate: 'max' })
        expect(found.map((row) => row.values['in_v'])).toEqual([n])
      }
    })

    it('does not lose a write that runs beside a roll-up', async () => {
      const at = now - hours(12)
      const written = Array.from({ length: 30 }, (_, n) => point('beside-it', at + n, { in_v: n }))
      const upkeep = (async () => {
        for (let n = 0; n < 10; n++) await store.maintain(now)
      })()
      for (const one of written) await store.write([one])
      await upkeep
      await store.maintain(now)
      const found = await rows('beside-it', { everyMs: hours(1), aggregate: 'max' })
      expect(found.map((row) => row.values['in_v'])).toEqual([29])
    })

    it('refuses what is older than it keeps, and says so', async () => {
      const old = point('old', now - days(45), { in_v: 1 })
      const result = await store.write([point('old', now - 1000, { in_v: 2 }), old])
      expect(result.stored).toBe(1)
      expect(result.refused).toHaveLength(1)
      expect(result.refused[0]?.point).toEqual(old)
      expect(await rows('old')).toHaveLength(1)
    })

    it('is healthy', async () => {
      expect(await store.health()).toEqual({ ok: true })
    })
  })
}
