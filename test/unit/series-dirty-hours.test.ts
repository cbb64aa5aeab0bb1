import { describe, expect, it } from 'vitest'
import { hours, minutes } from '../../src/core/clock.ts'
import { createDirtyHours } from '../../src/ingest/dirty-hours.ts'
import { bucketMsOf, type LevelState, planQuery } from '../../src/ingest/query-plan.ts'
import type { SeriesQuery } from '../../src/ingest/series.ts'

describe('dirty hours', () => {
  it('asks for one durable row for each hour and asset, then for all assets at once', () => {
    const dirty = createDirtyHours()
    expect(dirty.touch('ups', minutes(61), 'a')).toEqual({
      measurement: 'ups',
      hourAt: hours(1),
      asset: 'a',
    })
    expect(dirty.touch('ups', minutes(119), 'a')).toBeUndefined()
    const rows = Array.from({ length: 60 }, (_, n) => dirty.touch('ups', minutes(62), `b${n}`))
    expect(rows.filter((row) => row?.asset === '')).toHaveLength(1)
    expect(rows.at(-1)).toBeUndefined()
    expect(dirty.isDirty('ups', hours(1), 'never seen')).toBe(true)
    expect(dirty.rows()).toEqual([{ measurement: 'ups', hourAt: hours(1), asset: '' }])
  })

  it('gives closed hours only, oldest first, and knows who is in them', () => {
    const dirty = createDirtyHours()
    for (const hour of [7, 3, 5]) dirty.touch('ups', hours(hour), 'a')
    expect(dirty.due(hours(6) + minutes(1)).map((one) => one.hourAt)).toEqual([hours(3)])
    expect(dirty.due(hours(6) + minutes(2)).map((one) => one.hourAt)).toEqual([3, 5].map(hours))
    expect(dirty.due(hours(6))[0]?.assets).toEqual(['a'])
    expect(dirty.isDirty('ups', hours(3), 'b')).toBe(false)
  })

  it('keeps an hour dirty that was touched while it was being rolled up', () => {
    const dirty = createDirtyHours()
    dirty.touch('ups', hours(1), 'a')
    const [first] = dirty.due(hours(9))
    dirty.touch('ups', hours(1), 'a')
    expect(first && dirty.clear(first)).toBe(false)
    const [second] = dirty.due(hours(9))
    expect(second && dirty.clear(second)).toBe(true)
    expect(dirty.due(hours(9))).toEqual([])
    expect(dirty.touch('ups', hours(1), 'a')).toBeDefined()
  })

  it('is the same after it was read back from its rows', () => {
    const dirty = createDirtyHours()
    for (let n = 0; n < 70; n++) dirty.touch('ups', hours(n % 2), `a${n}`)
    for (let n = 0; n < 70; n++) dirty.touch('phase', hours(4), `a${n}`)
    const rows = createDirtyHours(dirty.rows()).rows()
    expect(rows).toEqual(dirty.rows())
    expect(rows).toHaveLength(71)
  })
})

describe('query plan', () => {
  const base: SeriesQuery = {
    measurement: 'ups',
    asset: 'a',
    fields: ['in_v'],
    from: hours(10) + 1,
    to: hours(20) - 1,
  }
  const state: LevelState = {
    extent: { from: 0, to: hours(100) },
    rawFrom: hours(5),
    m5From: 0,
    openFrom: hours(18),
    isDirty: (hourAt) => hourAt === hours(13),
    rolledUp: true,
  }
  const levels = (query: Partial<SeriesQuery>, other: Partial<LevelState> = {}) =>
    planQuery({ ...base, ...query }, { ...state, ...other }).pieces.map(
      ({ level, from, to }) => `${level} ${from / hours(1)}-${to / hours(1)}`,
    )
  const edge = 1 / hours(1)

  it('takes raw at the edges, for dirty and for open hours, and roll-ups between', () => {
    const expected = (level: string) => [
      `raw ${10 + edge}-11`,
      `${level} 11-13`,
      'raw 13-14',
      `${level} 14-18`,
      `raw 18-${20 - edge}`,
    ]
    expect(levels({ everyMs: hours(2) })).toEqual(expected('h1'))
    expect(levels({ everyMs: minutes(15) })).toEqual(expected('m5'))
    expect(levels({ aggregate: 'max' })).toEqual(expected('h1'))
  })

  it('takes raw for samples and short steps, and what is left where raw is gone', () => {
    expect(levels({})).toEqual([`raw ${10 + edge}-${20 - edge}`])
    expect(levels({ everyMs: minutes(1) })).toEqual([`raw ${10 + edge}-${20 - edge}`])
    const gone = { rawFrom: hours(14), m5From: hours(12) }
    expect(levels({}, gone)).toEqual([`h1 ${10 + edge}-12`, 'm5 12-14', `raw 14-${20 - edge}`])
    expect(levels({}, { rolledUp: false, ...gone })).toEqual([`raw ${10 + edge}-${20 - edge}`])
  })

  it('stays inside what is stored', () => {
    expect(levels({}, { extent: { from: hours(12), to: hours(15) } })).toEqual(['raw 12-15'])
    expect(levels({}, { extent: { from: Infinity, to: -Infinity } })).toEqual([])
  })

  it('does not walk an endless future hour by hour', () => {
    const far = levels(
      { to: 9_000_000_000_000, everyMs: hours(1) },
      { extent: { from: 0, to: 9e15 } },
    )
    expect(far.at(-1)).toBe('raw 18-2500000')
  })

  it.each([
    [1, 1],
    [299_999, 299_999],
    [minutes(5), minutes(5)],
    [minutes(7), minutes(10)],
    [hours(1), hours(1)],
    [hours(1) + 1, hours(2)],
    [hours(24), hours(24)],
  ])('serves a step of %i ms with %i ms', (asked, served) => {
    expect(bucketMsOf(asked)).toBe(served)
  })
})
