import { describe, expect, test } from 'vitest'
import { inChunks } from '../../../src/db/chunks.ts'
import { columns } from '../../../src/db/columns.ts'
import { toObjects } from '../../../src/db/handle.ts'
import { wasCutOff } from '../../../src/db/job-runs.ts'
import { pendingMigrations } from '../../../src/db/migration-order.ts'
import { toSafeInteger, toValue } from '../../../src/db/values.ts'

describe('a parameter', () => {
  test.each([
    [null, null],
    ['đèn', 'đèn'],
    ['a\0b', 'a\uFFFDb'],
    [1.5, 1.5],
    [-0, -0],
    [true, 1],
    [false, 0],
    [7n, 7n],
  ])('%s is stored as %s', (given, stored) => {
    expect(toValue(given)).toBe(stored)
  })

  test.each([
    ['undefined', undefined],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['JSON text', []],
    ['epoch milliseconds', new Date(0)],
    ['function', () => 1],
  ])('is refused and told about: %s', (word, given) => {
    expect(() => toValue(given)).toThrow(word)
  })

  test('of bytes is a copy that carries nothing else along', () => {
    const stored = toValue(Buffer.from('0123456789').subarray(2, 4)) as Uint8Array
    expect([...stored]).toEqual([50, 51])
    expect(stored.buffer.byteLength).toBe(2)
  })
})

test.each([
  ['0', 0],
  ['-9007199254740991', Number.MIN_SAFE_INTEGER],
])('the integer %s is a number', (text, number) => {
  expect(toSafeInteger(text)).toBe(number)
})

test('an integer beyond 2^53 is not rounded', () => {
  expect(() => toSafeInteger('9007199254740993')).toThrow('9007199254740993')
})

test('rows have camelCase names, and the last of two equal names wins', () => {
  const answer = { columns: ['due_at', 'id', 'id'], rows: [[1, 2, 3]], changes: undefined }
  expect(toObjects(answer)).toEqual([{ dueAt: 1, id: 3 }])
})

describe('chunks', () => {
  const sizes = (rows: unknown[]) => inChunks(rows, async (chunk) => chunk.length)

  test.each([
    ['nothing', [], []],
    ['plain values', Array.from({ length: 2500 }, (_, i) => i), [1000, 1000, 500]],
    ['narrow rows', Array.from({ length: 1001 }, () => ({ a: 1 })), [1000, 1]],
    ['null', [null], [1]],
  ])('of %s', async (_, rows, expected) => {
    expect(await sizes(rows)).toEqual(expected)
  })

  test('are as small as the widest row needs', async () => {
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`c${i}`, i]))
    const rows = [{ a: 1 }, wide, ...Array.from({ length: 600 }, () => ({ a: 1 }))]
    expect(await sizes(rows)).toEqual([320, 282])
  })

  test('of a row wider than any limit still make progress', async () => {
    const huge = Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`c${i}`, i]))
    expect(await sizes([huge, huge])).toEqual([1, 1])
  })
})

describe('pending migrations', () => {
  const known = ['db.1', 'areas.1', 'areas.2', 'work.1']

  test.each([
    ['all on an empty database', [], known],
    ['none when all are there', known, []],
    ['those of a lower room after those of a higher', ['db.1', 'work.1'], ['areas.1', 'areas.2']],
    ['the rest of a room', ['db.1', 'areas.1', 'work.1'], ['areas.2']],
  ])('are %s', (_, applied, pending) => {
    expect(pendingMigrations(known, applied)).toEqual(pending)
  })

  test.each([
    ['of a newer program', ['db.1', 'areas.3'], /newer version .*areas\.3.*nothing was changed/],
    ['of a room that is no more', ['db.1', 'fleet.1'], /fleet\.1/],
    ['with a hole', ['db.1', 'areas.2'], /has areas\.2 but not areas\.1/],
  ])('are refused for a database %s', (_, applied, message) => {
    expect(() => pendingMigrations(known, applied)).toThrow(message)
  })

  test.each([
    ['a gap', ['db.1', 'db.3']],
    ['a wrong order', ['db.2', 'db.1']],
    ['one id twice', ['db.1', 'db.1']],
    ['no room', ['1']],
    ['a zero', ['db.0']],
  ])('are refused for a program whose own list has %s', (_, list) => {
    expect(() => pendingMigrations(list, [])).toThrow(/migration/)
  })
})

test.each([
  [null, null, false],
  [5, null, true],
  [5, 4, true],
  [5, 5, false],
  [5, 9, false],
])('a run begun at %s and ended at %s was cut off: %s', (lastStartedAt, lastFinishedAt, cut) => {
  expect(wasCutOff({ lastStartedAt, lastFinishedAt })).toBe(cut)
})

test('columns differ only where the dialects do', () => {
  const [sqlite, postgres] = [columns('sqlite'), columns('postgres')]
  const differing = Object.keys(sqlite).filter(
    (name) => sqlite[name as keyof typeof sqlite] !== postgres[name as keyof typeof postgres],
  )
  expect(differing).toEqual(['int8', 'real', 'blob'])
})
