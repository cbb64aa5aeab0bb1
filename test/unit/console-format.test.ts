import { describe, expect, test } from 'vitest'
import { toLines } from '../../src/console/charts/lines.ts'
import { createFormat } from '../../src/console/format.ts'
import { nextDayOf, piecesOf, weekdayOf } from '../../src/console/lighting/night.ts'
import {
  isComplete,
  missingDays,
  newDraft,
  newRow,
  setWeekdays,
  toClock,
  toDraft,
  toWeekly,
} from '../../src/console/lighting/program.ts'
import { inTreeOrder, pathTo } from '../../src/console/parts/area-tree.ts'
import { lastMonths, monthOf } from '../../src/console/sla/months.ts'
import { inOrder } from '../../src/console/sla/order.ts'
import { valueText } from '../../src/console/values.ts'
import { en } from '../../src/console/words/en.ts'
import { vi } from '../../src/console/words/vi.ts'

const vietnamese = createFormat('vi', vi)
const english = createFormat('en', en)
const at = Date.parse('2026-11-24T11:45:00Z')
const minute = 60_000

describe('formats', () => {
  test('times stand in the province, wherever the browser is', () => {
    expect(vietnamese.instant(at)).toBe('24/11/2026 18:45')
    expect(vietnamese.instant('2026-11-24T17:00:00Z')).toBe('25/11/2026 00:00')
    expect(english.instant(at)).toBe('24/11/2026 18:45')
    expect(vietnamese.calendarDate('2026-06-30')).toBe('30/06/2026')
  })

  test('numbers have the marks of the language', () => {
    expect(vietnamese.count(3351)).toBe('3.351')
    expect(vietnamese.number(1234.5)).toBe('1.234,5')
    expect(english.count(3351)).toBe('3,351')
    expect(vietnamese.percent(66.6)).toBe('66,6 %')
  })

  test.each([
    [0, 'vừa xong'],
    [-30_000, 'vừa xong'],
    [5 * minute, '5 phút trước'],
    [59.9 * minute, '59 phút trước'],
    [60 * minute, '1 giờ trước'],
    [3 * 24 * 60 * minute, '3 ngày trước'],
    [-90 * minute, '1 giờ nữa'],
  ])('an age of %i ms is "%s"', (age, text) => {
    expect(vietnamese.age(at - age, at)).toBe(text)
  })

  test.each([
    [135 * minute, '2 giờ 15 phút'],
    [120 * minute, '2 giờ'],
    [30_000, '30 giây'],
    [25 * 60 * minute, '1 ngày 1 giờ'],
  ])('%i ms last "%s"', (length, text) => {
    expect(vietnamese.duration(length)).toBe(text)
  })

  const speech = { words: vi, format: vietnamese }
  test.each([
    ['ups', 'on_battery', 1, 'đang dùng ắc quy'],
    ['camera', 'recording', 0, 'không'],
    ['disk', 'capacity_mb', 4_000_000, '4 TB'],
    ['phase', 'v', 225.68, '225,7 V'],
    ['meter', 'energy_wh', 12_345_678, '12.345,7 kWh'],
    ['recorder', 'drift_s', -420, '−7 phút'],
    ['nobody', 'knows', 5, '5'],
  ])('%s.%s = %d reads %s', (measurement, field, value, text) => {
    expect(valueText(speech, { measurement, field }, value)).toBe(text)
  })
})

describe('lines of a chart', () => {
  const row = (minutes: number, value: number | null, part = '') => ({
    at: new Date(at + minutes * minute).toISOString(),
    part,
    values: { online: value },
  })
  const span = (minutes: number) => ({ from: at, to: at + minutes * minute })

  test('a pause much longer than usual breaks the line', () => {
    const { lines } = toLines(
      [0, 1, 2, 3, 60, 61, 62].map((m) => row(m, 1)),
      ['online'],
      span(63),
    )
    expect(lines[0]?.values).toEqual([1, 1, 1, 1, null, 1, 1, 1])
  })

  test('a device that reports each quarter of an hour has no gaps', () => {
    const { lines } = toLines(
      [0, 15, 30, 45, 60].map((m) => row(m, 1)),
      ['online'],
      span(70),
    )
    expect(lines[0]?.values).toEqual([1, 1, 1, 1, 1])
  })

  test('silence until now is a gap, not a flat line', () => {
    const { at: times, lines } = toLines([row(0, 1), row(1, 1), row(2, 1)], ['online'], span(120))
    expect(lines[0]?.values.at(-1)).toBeNull()
    expect(times.at(-1)).toBeLessThan(at + 120 * minute)
  })

  test('a value that is not known is a gap; another part does not tear the line', () => {
    const { lines } = toLines(
      [row(0, 1, 'ch:1'), row(1, 0, 'ch:2'), row(2, null, 'ch:1'), row(3, 0, 'ch:2')],
      ['online'],
      span(4),
    )
    expect(lines.map(({ part, values }) => [part, values])).toEqual([
      ['ch:1', [1, 1, null, null]],
      ['ch:2', [null, 0, 0, 0]],
    ])
  })

  test('no rows, no lines', () => {
    expect(toLines([], ['online'], span(10))).toEqual({ at: [], lines: [] })
  })
})

describe('a lighting program in the editor', () => {
  test('an evening belongs to one row', () => {
    const rows = [...newDraft('x').rows, newRow([])]
    const changed = setWeekdays(rows, rows[1]?.key ?? 0, [7, 6])
    expect(changed.map((row) => row.weekdays)).toEqual([
      [1, 2, 3, 4, 5],
      [6, 7],
    ])
    expect(missingDays(changed)).toEqual([])
    expect(missingDays(changed.slice(0, 1))).toEqual([6, 7])
  })

  test('what is published is what was loaded, limits included', () => {
    const weekly = [
      {
        weekdays: [1, 2, 3, 4, 5, 6, 7],
        segments: [
          {
            from: { kind: 'sun', event: 'sunset', offsetMin: 10, notAfter: '18:30' },
            to: { kind: 'clock', at: '23:00' },
            level: 70,
            onlyWhenDark: true,
          },
        ],
      },
    ] satisfies Parameters<typeof toDraft>[0]['weekly']
    expect(toWeekly(toDraft({ name: 'x', weekly }).rows)).toEqual(weekly)
  })

  test.each([
    ['1830', '18:30'],
    ['18h30', '18:30'],
    ['6:05', '06:05'],
    ['22', '22:00'],
    ['5g', '05:00'],
    ['tối', 'tối'],
  ])('%j is taken as %j', (typed, time) => {
    expect(toClock(typed)).toBe(time)
  })

  test('a time that is none cannot be published', () => {
    const draft = newDraft('Xã An Bình')
    expect(isComplete(draft)).toBe(true)
    const [row] = draft.rows
    const bad = { kind: 'clock' as const, at: '25:00' }
    const segments = row?.segments.map((segment) => ({ ...segment, from: bad })) ?? []
    expect(isComplete({ ...draft, rows: row ? [{ ...row, segments }] : [] })).toBe(false)
    expect(isComplete({ ...draft, name: ' ' })).toBe(false)
  })
})

describe('a night of the preview', () => {
  const night = {
    date: '2026-11-23',
    sunset: null,
    sunrise: null,
    minutesLit: 0,
    transitions: [
      { at: '2026-11-23T10:30:00Z', level: 100 },
      { at: '2026-11-23T16:00:00Z', level: 50 },
      { at: '2026-11-23T22:45:00Z', level: 0 },
    ],
  }

  test('is made of lit pieces', () => {
    expect(piecesOf(night).map(({ level }) => level)).toEqual([100, 50])
    expect(vietnamese.clock(piecesOf(night)[1]?.to ?? 0)).toBe('05:45')
  })

  test('that is dark has none; one that never ends stops at noon', () => {
    expect(piecesOf({ ...night, transitions: [] })).toEqual([])
    const [piece] = piecesOf({ ...night, transitions: night.transitions.slice(0, 1) })
    expect(vietnamese.instant(piece?.to ?? 0)).toBe('24/11/2026 12:00')
  })

  test('is named by its evening', () => {
    expect([weekdayOf('2026-11-23'), nextDayOf('2026-11-30')]).toEqual([1, '1'])
  })
})

describe('areas, months, clocks', () => {
  const areas = [
    { id: 'h', name: 'Thôn Đông', parentId: 'c' },
    { id: 'p', name: 'Tỉnh', parentId: null },
    { id: 'c', name: 'Xã An Bình', parentId: 'p' },
    { id: 'd', name: 'Xã Ân Phú', parentId: 'p' },
  ]

  test('the tree is walked from the top, by Vietnamese sorting', () => {
    expect(inTreeOrder(areas).map(({ area, depth }) => [area.id, depth])).toEqual([
      ['p', 0],
      ['c', 1],
      ['h', 2],
      ['d', 1],
    ])
    expect(pathTo(areas, 'h').map((area) => area.id)).toEqual(['p', 'c', 'h'])
  })

  test('a tree whose top is out of sight begins where it is seen', () => {
    const seen = areas.filter((area) => area.id !== 'p')
    expect(inTreeOrder(seen).map(({ area, depth }) => [area.id, depth])).toEqual([
      ['c', 0],
      ['h', 1],
      ['d', 0],
    ])
  })

  test('months are those of the province', () => {
    expect(monthOf(Date.parse('2026-11-30T17:00:00Z'))).toBe('2026-12')
    expect(lastMonths(Date.parse('2027-01-15T00:00:00Z'), 3)).toEqual([
      '2027-01',
      '2026-12',
      '2026-11',
    ])
  })

  test('breached clocks come first, then what is due first', () => {
    const clock = (id: string, state: 'running' | 'met' | 'breached', dueAt: string) => {
      const one = { dueAt, doneAt: null, state, usedMin: 0 }
      const met = { ...one, state: 'met' as const }
      const about = { alertId: id, assetName: id, severity: 'low' as const, openedAt: dueAt }
      return { ...about, response: met, resolution: one }
    }
    const all = [
      clock('met', 'met', '2026-11-01T00:00:00Z'),
      clock('later', 'running', '2026-11-09T00:00:00Z'),
      clock('sooner', 'running', '2026-11-02T00:00:00Z'),
      clock('late', 'breached', '2026-11-05T00:00:00Z'),
    ]
    expect(inOrder(all).map((one) => one.alertId)).toEqual(['late', 'sooner', 'later', 'met'])
  })
})
