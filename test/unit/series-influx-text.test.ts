import { describe, expect, it } from 'vitest'
import { days, hours } from '../../src/core/clock.ts'
import { classifyWrite, refusedLines } from '../../src/ingest/influx-answers.ts'
import { hourStatement, readStatement } from '../../src/ingest/influx-statements.ts'
import { chunkLines, escapeTag, type Line, lineOf } from '../../src/ingest/line-protocol.ts'
import { parseInfluxUrl } from '../../src/ingest/open-series.ts'
import { cellSuffixes } from '../../src/ingest/roll-up.ts'
import type { Point } from '../../src/ingest/series.ts'
import { fieldsOf, measurementNames } from '../../src/ingest/series-names.ts'

const now = days(20_000)
const point = (extra: Partial<Point> = {}): Point => ({
  measurement: 'phase',
  asset: 'cab-1',
  part: 'phase:A',
  at: now,
  fields: { v: 229.5, i: 0 },
  ...extra,
})
const text = (extra: Partial<Point>): string => {
  const line = lineOf(point(extra))
  return 'text' in line ? line.text : line.reason
}

describe('line protocol', () => {
  it.each<[string, Partial<Point>, string]>([
    ['a point', {}, `phase,asset=cab-1,part=phase:A v=229.5,i=0 ${now}`],
    ['no part', { part: '' }, `phase,asset=cab-1 v=229.5,i=0 ${now}`],
    [
      'small and large',
      { fields: { v: 1e-7, i: -1e21 } },
      `phase,asset=cab-1,part=phase:A v=1e-7,i=-1e+21 ${now}`,
    ],
    [
      'values that are none',
      { fields: { v: Number.NaN, i: 1 } },
      `phase,asset=cab-1,part=phase:A i=1 ${now}`,
    ],
    [
      'an area',
      { measurement: 'area_stats', part: '', fields: { circuits_lit: 3 } },
      `area_stats,area=cab-1 circuits_lit=3 ${now}`,
    ],
    ['no value', { fields: {} }, 'no finite value'],
    ['a field from outside', { fields: { 'v=1 2\nx': 1 } }, 'unknown field v=1 2\nx'],
    ['a measurement from outside', { measurement: 'phase,x=1' }, 'unknown measurement'],
    ['an inherited name', { measurement: 'constructor' }, 'unknown measurement'],
  ])('writes %s', (_, extra, line) => {
    expect(text(extra)).toBe(line)
  })

  it.each([
    ['a b', 'a\\ b'],
    ['a,b=c', 'a\\,b\\=c'],
    ['a\nb\u0000c\u0085', 'abc'],
    ['tail\\\\', 'tail'],
    ['tail\\\n', 'tail'],
    ['mid\\dle', 'mid\\dle'],
    ['\ud800x', '\ufffdx'],
    ['Đèn "số" 4\'', 'Đèn\\ "số"\\ 4\''],
  ])('makes %j safe', (raw, safe) => {
    expect(escapeTag(raw)).toBe(safe)
  })

  it('cuts batches by lines and by size, and loses no line', () => {
    const line = (n: number): Line => ({ text: `${n}`.padEnd(300, 'x'), point: point() })
    const many = Array.from({ length: 12_001 }, (_, n) => line(n))
    const chunks = chunkLines(many)
    expect(chunks.flat()).toEqual(many)
    for (const chunk of chunks) {
      expect(chunk.length).toBeLessThanOrEqual(5000)
      expect(chunk.reduce((sum, one) => sum + one.text.length, 0)).toBeLessThanOrEqual(1_000_000)
    }
    const huge = { text: 'x'.repeat(3_000_000), point: point() }
    expect(chunkLines([huge, huge])).toHaveLength(2)
    expect(chunkLines([])).toEqual([])
  })
})

describe('answers to a write', () => {
  const conflict =
    'partial write: field type conflict: input field "v" on measurement "phase" is type float, already exists as type integer dropped=2'
  it.each([
    [204, '', { kind: 'stored' }],
    [400, JSON.stringify({ error: conflict }), { kind: 'partial', dropped: 2 }],
    [422, JSON.stringify({ code: 'unprocessable entity', message: conflict }), { kind: 'partial' }],
    [400, '{"error":"partial write: points beyond retention policy dropped=3"}', { dropped: 3 }],
    [
      400,
      '{"error":"unable to parse \'a b\': missing fields"}',
      { kind: 'partial', unparsed: ['a b'] },
    ],
    [413, '{"error":"Request Entity Too Large"}', { kind: 'too-large' }],
    [404, '{"error":"database not found: \\"x\\""}', { kind: 'missing' }],
    [500, '{"error":"retention policy not found: raw"}', { kind: 'missing' }],
    [500, '{"error":"timeout"}', { kind: 'unavailable', because: 'server' }],
    [502, '<html>', { kind: 'unavailable', because: 'server' }],
    [429, '', { kind: 'unavailable', because: 'server' }],
    [401, '{"error":"authorization failed"}', { kind: 'unavailable', because: 'credentials' }],
    [
      403,
      '{"error":"\\"guest\\" user is not authorized"}',
      { kind: 'unavailable', because: 'credentials' },
    ],
    [400, '{"error":"database is required"}', { kind: 'unavailable', because: 'schema' }],
    [302, '', { kind: 'unavailable', because: 'schema' }],
  ])('%i %s', (status, body, meaning) => {
    expect(classifyWrite(status, body)).toMatchObject(meaning)
  })

  const lines: Line[] = [
    point(),
    point({ at: now - days(1) }),
    point({ at: now - days(1) + 5, fields: { i: 1 } }),
    point({ at: now - days(1) + 6 }),
    point({ at: now - days(40) }),
  ].map((one) => ({ text: text(one), point: one }))
  const refused = (reason: string) => {
    const answer = classifyWrite(400, JSON.stringify({ error: reason }))
    if (answer.kind !== 'partial') throw new Error('not partial')
    return refusedLines(lines, answer, now)
  }
  const indexes = (found: { point: Point }[]) =>
    found.map((one) => lines.findIndex((line) => line.point === one.point))

  it('names the points of one shard in a type conflict', () => {
    expect(indexes(refused(conflict))).toEqual([1, 3])
  })
  it('names all with the field when all are in conflict', () => {
    expect(indexes(refused(conflict.replace('=2', '=4')))).toEqual([0, 1, 3, 4])
  })
  it('names the oldest when the age is the reason', () => {
    expect(indexes(refused('partial write: points beyond retention policy dropped=1'))).toEqual([4])
  })
  it('counts right and says that it guesses when the answer does not tell which', () => {
    const found = refused('partial write: max-series-per-database limit exceeded: (9) dropped=2')
    expect(found).toHaveLength(2)
    expect(found[0]?.reason).toContain('one of 5')
  })
  it('takes an unreadable line by its text, and all of them when nothing was readable', () => {
    const bad = lines[1]?.text ?? ''
    expect(
      indexes(refused(`partial write: unable to parse '${bad}': bad timestamp dropped=0`)),
    ).toEqual([1])
    expect(refused('unable to parse: something new')).toHaveLength(lines.length)
    expect(refused('partial write: all is lost dropped=5')).toHaveLength(5)
  })
})

describe('statements', () => {
  const reading = {
    measurement: 'phase',
    asset: "x' OR 1=1",
    part: undefined,
    fields: ['v'],
    managed: true,
  }
  it('hold names and times only; values are placeholders', () => {
    const { text: statement, placeholders } = readStatement(
      { ...reading, part: 'p"' },
      { level: 'raw', from: 1, to: 2 },
      false,
    )
    expect(statement).toBe(
      'SELECT "v" FROM "raw"."phase" WHERE "asset" = $asset AND "part" = $part AND time >= 1ms AND time < 2ms GROUP BY "part"',
    )
    expect(placeholders).toEqual({ asset: "x' OR 1=1", part: 'p"' })
  })
  it('name no policy where the schema is not ours', () => {
    const piece = { level: 'raw' as const, from: 1, to: 2 }
    expect(readStatement({ ...reading, managed: false }, piece, true).text).toContain(
      'FROM "phase"',
    )
  })
  it('refuse a time that is not a whole number', () => {
    const piece = { level: 'raw' as const, from: Number.NaN, to: 2 }
    expect(() => readStatement(reading, piece, false)).toThrow(RangeError)
  })
  it('ask for an hour of some assets or of all', () => {
    const of = { measurement: 'phase', from: 0, to: hours(1) }
    const page = { size: 10, from: 20 }
    expect(hourStatement(of, page).placeholders).toEqual({})
    const some = hourStatement({ ...of, assets: ['a', '"b'] }, page)
    expect(some.text).toContain('AND ("asset" = $asset0 OR "asset" = $asset1) GROUP BY "asset"')
    expect(some.text).toContain('SLIMIT 10 SOFFSET 20')
    expect(some.placeholders).toEqual({ asset0: 'a', asset1: '"b' })
  })
  it('never name two columns alike', () => {
    for (const name of measurementNames) {
      const columns = (fieldsOf(name) ?? []).flatMap((f) => cellSuffixes.map((s) => `${f}${s}`))
      expect(new Set(columns).size, name).toBe(columns.length)
      expect(
        [...columns, name].every((one) => /^[a-z][a-z0-9_]*$/.test(one)),
        name,
      ).toBe(true)
    }
  })
})

describe('series address', () => {
  it('is taken apart', () => {
    expect(parseInfluxUrl('influx://u%40x:p%2F%3A@db.local:9999/an-sang?schema=none')).toEqual({
      managed: false,
      address: {
        tls: false,
        host: 'db.local',
        port: 9999,
        database: 'an-sang',
        username: 'u@x',
        password: 'p/:',
      },
    })
    expect(parseInfluxUrl('influxs://[::1]/ansang')).toEqual({
      managed: true,
      address: {
        tls: true,
        host: '::1',
        port: 8086,
        database: 'ansang',
        username: undefined,
        password: undefined,
      },
    })
  })
  it.each([
    'nonsense',
    'http://h:1/db',
    'influx://h:1/',
    'influx://h:1/a"b',
    'influx://h:1/db?schema=v9',
    'influx:///db',
  ])('%s is refused without showing a password', (url) => {
    expect(() => parseInfluxUrl(url)).toThrow(/^series address: /)
  })
  it('never shows the password', () => {
    const tell = (): string => {
      try {
        parseInfluxUrl('influx://u:topsecret@h:1/bad db')
        return ''
      } catch (error) {
        return String(error)
      }
    }
    expect(tell()).toContain('database')
    expect(tell()).not.toContain('topsecret')
  })
})
