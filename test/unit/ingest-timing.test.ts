import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sampleAt } from '../../src/contract/wire/accepted.ts'
import type { Envelope } from '../../src/contract/wire/common.ts'
import { days, minutes, seconds } from '../../src/core/clock.ts'
import { aheadMs, oldestMs, timingOf } from '../../src/ingest/timing.ts'

const now = Date.parse('2026-11-24T18:00:00Z')
const iso = (at: number) => new Date(at).toISOString()
const envelope = (over: Partial<Envelope> & { atMs?: number }): Envelope => {
  const { atMs = now, ...rest } = over
  const own = { id: ['0a1b2c3d4e5f', 1] as [string, number], boot: '00c0ffee', mono: 1 }
  return { ...own, lane: 'live', at: iso(atMs), trust: 'trusted', ...rest }
}
const outcome = (over: Parameters<typeof envelope>[0]) => {
  const timing = timingOf(envelope(over), now)
  return timing.ok ? { at: timing.at - now, late: timing.late } : 'quarantine'
}

describe('when a record happened', () => {
  it.each([
    ['trusted, now', {}, { at: 0, late: false }],
    [
      'trusted, exactly as far ahead as allowed',
      { atMs: now + aheadMs },
      { at: aheadMs, late: false },
    ],
    ['trusted, one more', { atMs: now + aheadMs + 1 }, 'quarantine'],
    ['trusted, of 2036', { atMs: now + days(3650) }, 'quarantine'],
    ['trusted, exactly as old as kept', { atMs: now - oldestMs }, { at: -oldestMs, late: false }],
    ['trusted, one older', { atMs: now - oldestMs - 1 }, 'quarantine'],
    ['trusted backlog', { lane: 'backlog', atMs: now - days(2) }, { at: -days(2), late: true }],
    ['backlog from the future', { lane: 'backlog', atMs: now + aheadMs + 1 }, 'quarantine'],
    ['holdover, live', { trust: 'holdover', atMs: now - 9 }, { at: -9, late: false }],
    [
      'untrusted live happened when it came',
      { trust: 'untrusted', atMs: 0 },
      { at: 0, late: false },
    ],
    [
      'untrusted live of 2036',
      { trust: 'untrusted', atMs: now + days(3650) },
      { at: 0, late: false },
    ],
    ['untrusted backlog without bounds', { trust: 'untrusted', lane: 'backlog' }, 'quarantine'],
  ] as const)('%s', (_, over, expected) => {
    expect(outcome(over)).toEqual(expected)
  })

  const bounds = (from: number, to: number): [string, string] => [iso(now + from), iso(now + to)]
  it.each([
    ['takes the latest possible moment', bounds(-days(3), -days(1)), { at: -days(1), late: true }],
    ['never later than it came', bounds(-days(3), days(9)), { at: 0, late: true }],
    ['upside down', bounds(-days(1), -days(3)), 'quarantine'],
    ['not before 35 days ago', bounds(-days(36), -days(1)), 'quarantine'],
    ['only in the future', bounds(days(1), days(2)), 'quarantine'],
    ['one moment', bounds(-days(1), -days(1)), { at: -days(1), late: true }],
  ] as const)('bounds: %s', (_, given, expected) => {
    for (const lane of ['live', 'backlog'] as const)
      for (const trust of ['trusted', 'untrusted'] as const)
        expect(outcome({ bounds: [...given], lane, trust, atMs: 0 })).toEqual(expected)
  })

  it('never gives a time outside what is believable, whatever is said', () => {
    const moment = fc.integer({ min: now - days(400), max: now + days(400) })
    fc.assert(
      fc.property(
        moment,
        fc.constantFrom('trusted', 'holdover', 'untrusted'),
        fc.constantFrom('live', 'backlog'),
        fc.option(fc.tuple(moment, moment), { nil: undefined }),
        (atMs, trust, lane, pair) => {
          const more = pair ? { bounds: [iso(pair[0]), iso(pair[1])] as [string, string] } : {}
          const timing = timingOf(envelope({ atMs, trust, lane, ...more }), now)
          if (!timing.ok) return timing.reason.length > 0
          return timing.at <= now + aheadMs && timing.at >= now - oldestMs
        },
      ),
    )
  })
})

describe("a sample's own time", () => {
  const at = now - minutes(10)
  it.each([
    ['none', undefined, 0],
    ['before its record', iso(now - seconds(30)), -30_000],
    ['after its record: not later than the record', iso(now + seconds(30)), 0],
    ['absurdly old', iso(now - days(400)), -days(35)],
  ])('%s', (_, sample, expected) => {
    expect(sampleAt(sample, envelope({ atMs: now }), at) - at).toBe(expected)
  })
})
