import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, sectionHash } from '../../src/plan/hash.ts'

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled)
  if (value === null || typeof value !== 'object') return value
  const reversed = Object.entries(value).reverse()
  return Object.fromEntries(reversed.map(([key, one]) => [key, shuffled(one)]))
}

describe('canonical JSON', () => {
  test('orders keys by code unit at every depth and writes no spaces', () => {
    expect(canonicalJson({ b: [{ z: 1, a: 'é' }], a: null, Z: -0 })).toBe(
      '{"Z":0,"a":null,"b":[{"a":"é","z":1}]}',
    )
  })

  test('is JSON of the same value, whatever the key order was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(text).toBe(canonicalJson(shuffled(value)))
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test('leaves out what is undefined, as JSON does', () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}')
  })

  test.each([
    ['undefined', undefined],
    ['a number that is not finite', { a: Number.NaN }],
    ['an infinite number', [Number.POSITIVE_INFINITY]],
    ['a date', { a: new Date(0) }],
    ['a function', () => 1],
    ['a hole', [undefined]],
  ])('refuses %s', (_, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError)
  })

  test('the hash of a body is fixed for ever', () => {
    expect(sectionHash({ telemetryEveryMs: 60_000 })).toBe(
      '2062b7335f81b1ded3e5806201cf919f0598ce42fbb64ab3b0169759d5920adf',
    )
    expect(sectionHash({ a: 1 })).not.toBe(sectionHash({ a: '1' }))
  })
})
