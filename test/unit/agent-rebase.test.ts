import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  boundStamp,
  dateRecord,
  rebaseStamp,
  type Stamp,
  shiftBody,
} from '../../agents/runtime/rebase.ts'
import { hours } from '../../src/core/clock.ts'

const truth = Date.UTC(2026, 10, 24, 12)
const iso = (at: number) => new Date(at).toISOString()
const known = (wall: number, mono: number) => ({
  boot: 'aaaaaaaa',
  trust: 'trusted' as const,
  source: 'hub' as const,
  wall,
  mono,
})
const wrong = (mono: number, wrongWall = 0): Stamp => ({
  boot: 'aaaaaaaa',
  mono,
  at: wrongWall + mono,
  trust: 'untrusted',
})
const times = fc.integer({ min: 0, max: hours(24 * 40) })

describe('re-basing', () => {
  test('every record of the boot gets its true time, from whatever moment the time is learned', () => {
    fc.assert(
      fc.property(times, times, times, (made, learned, wrongWall) => {
        // The boot began at `truth`; the anchor may lie before or after the record.
        const stamp = rebaseStamp(wrong(made, wrongWall), known(truth + learned, learned))
        expect([stamp.at, stamp.trust]).toEqual([truth + made, 'trusted'])
      }),
    )
  })

  test('keeps order and distances of the records', () => {
    fc.assert(
      fc.property(times, times, times, (a, b, learned) => {
        const [first, second] = [a, b].map((mono) =>
          rebaseStamp(wrong(mono), known(truth, learned)),
        )
        expect((first?.at ?? 0) - (second?.at ?? 0)).toBe(a - b)
      }),
    )
  })

  test.each([
    ['of another boot', { ...wrong(5), boot: 'bbbbbbbb' }],
    ['made by a believed clock', { ...wrong(5), trust: 'holdover' as const }],
  ])('leaves a record %s alone', (_, stamp) => {
    expect(rebaseStamp(stamp, known(truth, 0))).toBe(stamp)
  })

  test('moves the times in a body with its stamp, but not those of earlier boots', () => {
    const bootBegan = hours(1)
    const body = {
      samples: [{ unit: 'nvr1', at: iso(bootBegan + 5000) }, { unit: 'ups1' }],
      active: [{ since: iso(bootBegan + 1000) }, { since: iso(bootBegan - 1000) }],
    }
    expect(shiftBody(body, bootBegan, truth)).toEqual({
      samples: [{ unit: 'nvr1', at: iso(truth + bootBegan + 5000) }, { unit: 'ups1' }],
      active: [{ since: iso(truth + bootBegan + 1000) }, { since: iso(bootBegan - 1000) }],
    })
  })
})

describe('records of a boot that never knew', () => {
  test('go with bounds that hold the true time, and a time inside them', () => {
    fc.assert(
      fc.property(times, times, times, (after, gap, made) => {
        const between = { after: truth + after, before: truth + after + gap }
        const { at, bounds = [0, 0], trust } = boundStamp(wrong(made), between)
        expect(bounds).toEqual([between.after, between.before])
        expect(at >= bounds[0] && at <= bounds[1]).toBe(true)
        expect(trust).toBe('untrusted')
      }),
    )
  })

  test('bounds are never upside down, even if the clock was set back in between', () => {
    const { bounds } = boundStamp(wrong(5), { after: truth + 1000, before: truth })
    expect(bounds).toEqual([truth, truth])
  })

  test('are dated once: a bounded record stays as it is', () => {
    const record = { stamp: { ...wrong(5), boot: 'bbbbbbbb' }, body: {} }
    const between = { after: truth, before: truth + 1000 }
    const dated = dateRecord(record, known(truth + 2000, 0), between)
    expect(dated.stamp.bounds).toEqual([truth, truth + 1000])
    expect(dateRecord(dated, known(truth + 9000, 0), { after: 0, before: 1 })).toBe(dated)
  })

  test('wait while nobody knows the time', () => {
    const record = { stamp: wrong(5), body: {} }
    const unsure = { ...known(0, 0), trust: 'untrusted' as const }
    expect(dateRecord(record, unsure, { after: 0, before: 1 })).toBe(record)
  })
})
