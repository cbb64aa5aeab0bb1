import { array, assert as check, constantFrom, integer, oneof, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { add, addMany, countOf, has, type Ranges } from '../../src/ingest/ranges.ts'

describe('ranges', () => {
  test.each<[string, Ranges, number, Ranges, boolean]>([
    ['the first number', [], 5, [[5, 5]], true],
    ['the same again', [[5, 5]], 5, [[5, 5]], false],
    ['one behind', [[1, 4]], 5, [[1, 5]], true],
    ['one before', [[6, 9]], 5, [[5, 9]], true],
    [
      'the gap between two',
      [
        [1, 4],
        [6, 9],
      ],
      5,
      [[1, 9]],
      true,
    ],
    [
      'far before',
      [[6, 9]],
      2,
      [
        [2, 2],
        [6, 9],
      ],
      true,
    ],
    [
      'far behind',
      [[6, 9]],
      20,
      [
        [6, 9],
        [20, 20],
      ],
      true,
    ],
    [
      'between, touching nothing',
      [
        [1, 2],
        [8, 9],
      ],
      5,
      [
        [1, 2],
        [5, 5],
        [8, 9],
      ],
      true,
    ],
    ['inside', [[1, 9]], 5, [[1, 9]], false],
    ['the first edge', [[1, 9]], 1, [[1, 9]], false],
    ['the last edge', [[1, 9]], 9, [[1, 9]], false],
  ])('adds %s', (_, before, n, ranges, fresh) => {
    expect(add(before, n)).toEqual({ ranges, fresh })
  })

  test('refuses what is not a whole number', () => {
    for (const n of [Number.NaN, 1.5, 2 ** 60, Number.POSITIVE_INFINITY]) {
      expect(() => add([], n)).toThrow(RangeError)
    }
  })

  test('does not change its input', () => {
    const before = Object.freeze([Object.freeze([1, 3] as const), Object.freeze([5, 6] as const)])
    add(before, 4)
    expect(before).toEqual([
      [1, 3],
      [5, 6],
    ])
  })

  const numbers = array(
    oneof(integer({ min: 0, max: 40 }), integer(), constantFrom(2 ** 53 - 1, 1)),
  )

  test('is a Set that is sorted, merged and minimal', async () => {
    await check(
      property(numbers, integer({ min: 0, max: 40 }), (list, probe) => {
        const model = new Set<number>()
        const { ranges, fresh } = addMany([], list)
        const expected = list.map((n) => !model.has(n) && Boolean(model.add(n)))
        expect(fresh).toEqual(expected)
        expect(countOf(ranges)).toBe(model.size)
        for (const n of list) expect(has(ranges, n)).toBe(true)
        expect(has(ranges, probe)).toBe(model.has(probe))
        for (const [at, [from, to]] of ranges.entries()) {
          expect(from).toBeLessThanOrEqual(to)
          expect(from).toBeGreaterThan((ranges[at - 1]?.[1] ?? -Infinity) + 1)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('does not depend on the order, nor on how often a number comes', async () => {
    await check(
      property(numbers, numbers, (left, right) => {
        const once = addMany([], [...left, ...right]).ranges
        const again = addMany(addMany([], right).ranges, [...left, ...right, ...left]).ranges
        expect(again).toEqual(once)
      }),
    )
  })

  test('one lost number in a year costs one more pair', () => {
    const { ranges } = addMany(
      [],
      Array.from({ length: 2000 }, (_, i) => (i < 1000 ? i : i + 1)),
    )
    expect(ranges).toEqual([
      [0, 999],
      [1001, 2000],
    ])
  })
})
