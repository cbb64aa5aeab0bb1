import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Sample } from '../../src/contract/wire/messages.ts'
import { merge, type UnitState } from '../../src/twin/merge.ts'

const sample = (parts: Sample['parts'], more: Partial<Sample> = {}): Sample => ({
  unit: 'nvr1',
  kind: 'recorder',
  parts,
  ...more,
})

describe('what a unit last said', () => {
  it('gives the same in any order, and any number of times: the newest measured wins by part', () => {
    const part = fc.constantFrom('', 'ch:1', 'ch:2', 'disk:1')
    const one = fc.record({
      parts: fc.dictionary(part, fc.record({ online: fc.constantFrom(0, 1, null) }), {
        maxKeys: 4,
      }),
      kind: fc.constantFrom('recorder' as const, 'cabinet' as const),
    })
    fc.assert(
      fc.property(
        fc.array(one, { maxLength: 12, minLength: 1 }).chain((list) => {
          const timed = list.map((each, at) => ({ ...each, at }))
          return fc.tuple(
            fc.constant(timed),
            fc.shuffledSubarray(timed, { minLength: timed.length }),
            fc.shuffledSubarray(timed),
          )
        }),
        ([inOrder, shuffled, again]) => {
          const take = (list: typeof inOrder) =>
            list.reduce<UnitState | undefined>(
              (before, { at, parts, kind }) => merge(before, sample(parts, { kind }), at),
              undefined,
            )
          // What says nothing of any part moves nothing but a unit's first sight.
          const telling = (list: typeof inOrder) =>
            list.filter((each) => Object.keys(each.parts).length > 0)
          expect(take([...telling(shuffled), ...telling(again)])).toEqual(take(telling(inOrder)))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('returns the same object when nothing is newer', () => {
    const before = merge(undefined, sample({ 'ch:1': { online: 1 } }), 10)
    expect(merge(before, sample({ 'ch:1': { online: 0 } }), 9)).toBe(before)
  })

  it('keeps why a value is unknown with its part', () => {
    const reasons = {
      'ch:1/online': 'timeout',
      'ch:2': 'refused',
      '/cpu': 'absent',
      'ch:10/fps': 'x',
    }
    const state = merge(
      undefined,
      sample({ '': { cpu: null }, 'ch:1': { online: null }, 'ch:2': {}, 'ch:10': {} }, { reasons }),
      1,
    )
    expect(Object.fromEntries(Object.entries(state.parts).map(([k, v]) => [k, v.reasons]))).toEqual(
      {
        '': { cpu: 'absent' },
        'ch:1': { online: 'timeout' },
        'ch:2': { '': 'refused' },
        'ch:10': { fps: 'x' },
      },
    )
  })

  it('does not let an agent that invents names fill the memory', () => {
    const many = (from: number) =>
      sample(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`ch:${from + i}`, {}])))
    const state = merge(merge(undefined, many(0), 1), many(500), 2)
    expect(Object.keys(state.parts)).toHaveLength(600)
    expect(merge(state, sample({ 'ch:3': { online: 1 } }), 3).parts['ch:3']?.values).toEqual({
      online: 1,
    })
  })
})
