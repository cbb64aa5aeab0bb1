import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measures } from '../../src/contract/wire/measures.ts'
import { days, minutes, seconds } from '../../src/core/clock.ts'
import { deadBandsOf, isInside } from '../../src/ingest/dead-bands.ts'
import { floorTo, rollUpSamples } from '../../src/ingest/roll-up.ts'
import type { Point } from '../../src/ingest/series.ts'
import { createThinOut } from '../../src/ingest/thin-out.ts'

const start = days(20_000)

const camera = (at: number, fields: Record<string, number>, asset = 'cam'): Point => ({
  measurement: 'camera',
  asset,
  part: '',
  at: start + at,
  fields,
})

const timesOf = (points: Point[]) => points.map((point) => point.at - start)

describe('thinning', () => {
  it('stores the first sample of each five minutes when nothing changes', () => {
    const thin = createThinOut()
    const hour = Array.from({ length: 60 }, (_, n) => camera(minutes(n), { online: 1, fps: 25 }))
    const out = thin.pass(hour)
    expect(timesOf(out)).toEqual(Array.from({ length: 12 }, (_, n) => minutes(5 * n)))
    expect(thin.stats()).toMatchObject({ parts: 1, passed: 12, held: 48 })
  })

  it('stores a change with all that was held back in its window, and the rest of the window', () => {
    const thin = createThinOut()
    const states = [1, 1, 1, 0, 0, 0, 0]
    const out = thin.pass(states.map((online, n) => camera(minutes(n), { online })))
    expect(timesOf(out)).toEqual([0, 1, 2, 3, 4, 5].map(minutes))
    expect(out.map((point) => point.fields['online'])).toEqual([1, 1, 1, 0, 0, 0])
  })

  it('stores the last sample before a change that begins a window', () => {
    const thin = createThinOut()
    const states = [1, 1, 1, 1, 1, 0, 0]
    const out = thin.pass(states.map((online, n) => camera(minutes(n), { online })))
    expect(timesOf(out)).toEqual([0, 4, 5].map(minutes))
  })

  const [bitrateBand = { rise: 0, fall: 0 }] = deadBandsOf('camera').slice(
    Object.keys(measures.camera).indexOf('bitrate_kbps'),
  )
  const bandAt = (bitrate: number) => ({
    rise: Math.max(bitrateBand.rise, bitrate * (bitrateBand.share ?? 0)),
    fall: Math.max(bitrateBand.fall, bitrate * (bitrateBand.share ?? 0)),
  })

  it.each([
    ['on the edge above', (v: number) => v + bandAt(v).rise, 1],
    ['on the edge below', (v: number) => v - bandAt(v).fall, 1],
    ['outside above', (v: number) => v + bandAt(v).rise + 1, 2],
    ['outside below', (v: number) => v - bandAt(v).fall - 1, 2],
  ])('a bitrate %s of its band', (_, move, stored) => {
    for (const bitrate_kbps of [10, 100, 4000]) {
      const out = createThinOut().pass([
        camera(0, { bitrate_kbps }),
        camera(minutes(1), { bitrate_kbps: move(bitrate_kbps) }),
      ])
      expect(out, String(bitrate_kbps)).toHaveLength(stored)
    }
  })

  it('notices a value that appears or goes', () => {
    const appears = [camera(0, { online: 1 }), camera(1000, { online: 1, fps: 25 })]
    expect(createThinOut().pass(appears)).toHaveLength(2)
    const goes = [camera(0, { online: 1, fps: 25 }), camera(1000, { online: 1 })]
    expect(createThinOut().pass(goes)).toHaveLength(2)
  })

  it('notices a restart, whatever the uptime was', () => {
    const uptime = (at: number, uptime_s: number): Point => ({
      ...camera(at, { uptime_s }),
      measurement: 'recorder',
    })
    const out = createThinOut().pass([
      uptime(0, 90),
      uptime(minutes(1), 150),
      uptime(minutes(2), 30),
    ])
    expect(out).toHaveLength(3)
  })

  it('lets late, repeated, unknown and area points pass untouched', () => {
    const thin = createThinOut()
    thin.pass([camera(minutes(60), { online: 1 })])
    const others: Point[] = [
      camera(minutes(10), { online: 1 }),
      camera(minutes(60), { online: 1 }),
      { ...camera(minutes(61), { cameras_online: 1 }), measurement: 'area_stats' },
      { ...camera(minutes(61), { cameras_online: 1 }), measurement: 'area_stats' },
      { ...camera(minutes(61), { x: 1 }), measurement: '__proto__' },
      camera(minutes(61), { nobody_knows: 1 }),
    ]
    expect(thin.pass(others)).toEqual(others)
    expect(thin.pass([camera(minutes(62), { online: 1 })])).toEqual([])
  })

  it('stores everything of a rhythm that is faster than it can hold back', () => {
    const fast = Array.from({ length: 30 }, (_, n) => camera(seconds(10 * n), { online: 1 }))
    expect(createThinOut().pass(fast)).toEqual(fast)
  })

  it('keeps parts and assets apart', () => {
    const two = ['a', 'b'].flatMap((asset) => [
      camera(0, { online: 1 }, asset),
      { ...camera(0, { online: 0 }, asset), part: 'ch:1' },
    ])
    expect(createThinOut().pass(two)).toEqual(two)
  })

  it('passes what it has no memory for', () => {
    const thin = createThinOut({ maxParts: 1 })
    thin.pass([camera(0, { online: 1 })])
    const other = [camera(0, { online: 1 }, 'b'), camera(1000, { online: 1 }, 'b')]
    expect(thin.pass(other)).toEqual(other)
    expect(thin.pass([camera(1000, { online: 1 })])).toEqual([])
  })

  it('needs less than 45 MB of numbers for 10,000 agents with 17 parts', () => {
    const thin = createThinOut()
    const part = (n: number, p: number): Point =>
      p === 0
        ? { measurement: 'recorder', asset: `r${n}`, part: '', at: start, fields: { cpu: 1 } }
        : { ...camera(0, { online: 1 }), asset: `r${n}`, part: `ch:${p}` }
    for (let n = 0; n < 10_000; n++) {
      thin.pass(Array.from({ length: 17 }, (_, p) => part(n, p)))
    }
    expect(thin.stats().parts).toBe(170_000)
    expect(thin.stats().bytes).toBeLessThan(45_000_000)
  })

  // States and a bitrate each minute with jitter; what is asked of 5-minute windows afterwards.
  const walk = fc.array(
    fc.record({
      step: fc.integer({ min: 45_000, max: 75_000 }),
      flip: fc.integer({ min: 0, max: 9 }),
      bitrate: fc.integer({ min: -400, max: 400 }),
    }),
    { minLength: 1, maxLength: 120 },
  )
  const pointsOf = (steps: { step: number; flip: number; bitrate: number }[]): Point[] => {
    let at = 0
    let online = 1
    let bitrate = 1000
    return steps.map(({ step, flip, bitrate: move }) => {
      at += step
      if (flip === 0) online = 1 - online
      bitrate = Math.max(100, bitrate + move)
      return camera(at, { online, bitrate_kbps: bitrate })
    })
  }
  const windowsOf = (points: Point[]) =>
    rollUpSamples(
      points.map(({ at, fields }) => ({
        at,
        values: [fields['online'] ?? null, fields['bitrate_kbps'] ?? null],
      })),
      (at) => floorTo(at, minutes(5)),
    )

  it('bends no state at all and no number beyond its band, whatever happens', () => {
    fc.assert(
      fc.property(walk, (steps) => {
        const points = pointsOf(steps)
        const all = windowsOf(points)
        const kept = windowsOf(createThinOut().pass(points))
        expect(kept.map(({ at }) => at)).toEqual(all.map(({ at }) => at))
        for (const [n, { cells }] of all.entries()) {
          const [state, rate] = kept[n]?.cells ?? []
          const { count: _, ...truth } = cells[0] ?? { count: 0 }
          expect(state).toMatchObject(truth)
          const { at } = all[n] ?? { at: 0 }
          const first = points.find((point) => point.at >= at)?.fields['bitrate_kbps'] ?? 0
          const band = Math.max(bandAt(first).rise, bandAt(first).fall)
          for (const key of ['mean', 'min', 'max', 'last'] as const) {
            expect(Math.abs((cells[1]?.[key] ?? 0) - (rate?.[key] ?? 0))).toBeLessThanOrEqual(band)
          }
        }
      }),
    )
  })

  it('keeps the moment of every change of state to the sample', () => {
    fc.assert(
      fc.property(walk, (steps) => {
        const points = pointsOf(steps)
        const changes = (some: Point[]) =>
          some.flatMap((point, n) => {
            const before = some[n - 1]
            const changed = before && before.fields['online'] !== point.fields['online']
            return changed ? [[before.at, point.at]] : []
          })
        expect(changes(createThinOut().pass(points))).toEqual(changes(points))
      }),
    )
  })

  it('emits nothing that was not measured, and nothing twice', () => {
    fc.assert(
      fc.property(walk, (steps) => {
        const points = pointsOf(steps)
        const byTime = new Map(points.map((point) => [point.at, point]))
        const out = createThinOut().pass(points)
        for (const point of out) expect(point).toEqual(byTime.get(point.at))
        expect(timesOf(out)).toEqual([...new Set(timesOf(out))].sort((a, b) => a - b))
      }),
    )
  })
})

describe('dead-bands', () => {
  it('cover each field of each measurement, none for states', () => {
    for (const name of Object.keys(measures) as (keyof typeof measures)[]) {
      const fields = Object.entries(measures[name])
      const bands = deadBandsOf(name)
      expect(bands).toHaveLength(fields.length)
      for (const [i, [, unit]] of fields.entries()) {
        if (unit === 'state') expect(bands[i]).toEqual({ rise: 0, fall: 0 })
      }
    }
  })

  it.each([
    [{ rise: 0, fall: 0 }, 1, 1, true],
    [{ rise: 0, fall: 0 }, 1, 1.0000001, false],
    [{ rise: 5, fall: 0 }, 10, 15, true],
    [{ rise: 5, fall: 0 }, 10, 9.999, false],
    [{ rise: 5, fall: 0, share: 1 }, 10, 9, false],
    [{ rise: 1, fall: 1, share: 0.1 }, -100, -109, true],
    [{ rise: 1, fall: 1 }, Number.NaN, 1, false],
    [{ rise: 1, fall: 1 }, 1, Number.NaN, false],
    [{ rise: 1, fall: 1 }, Number.NaN, Number.NaN, true],
  ])('%j from %d to %d: inside is %s', (band, stored, value, inside) => {
    expect(isInside(band, stored, value)).toBe(inside)
  })
})
