import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { failuresAfter, reconnectDelayMs } from '../../agents/runtime/backoff.ts'
import { refusalOf } from '../../agents/runtime/commands.ts'
import { onlyKnownSections, weigh } from '../../agents/runtime/sections.ts'
import { minutes, seconds } from '../../src/core/clock.ts'
import { sectionHash } from '../../src/plan/hash.ts'

describe('reconnecting', () => {
  const random = fc.double({ min: 0, max: 0.999, noNaN: true })

  test('a fleet that loses its hub at one moment comes back spread over ten seconds', () => {
    const waits = Array.from({ length: 10_000 }, () =>
      reconnectDelayMs(0, { kind: 'lost', lastedMs: minutes(60) }, Math.random()),
    )
    const perSecond = waits.reduce<number[]>((counts, ms) => {
      const second = Math.floor(ms / 1000)
      counts[second] = (counts[second] ?? 0) + 1
      return counts
    }, [])
    expect(Math.max(...perSecond)).toBeLessThan(1500)
    expect(Math.max(...waits)).toBeLessThanOrEqual(seconds(10))
  })

  test('the wait grows with each failure up to a minute and is never the same for all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), random, (failures, x) => {
        const waitMs = reconnectDelayMs(failures, { kind: 'unreachable' }, x)
        const stepMs = Math.min(minutes(1), seconds(1) * 2 ** Math.min(failures - 1, 20))
        expect(waitMs >= Math.floor(stepMs / 2) && waitMs <= stepMs).toBe(true)
      }),
    )
  })

  test('being kicked after a successful connect counts as a failure, a good hour does not', () => {
    const kicked = { kind: 'lost', lastedMs: 300 } as const
    expect(failuresAfter(failuresAfter(0, kicked), kicked)).toBe(2)
    expect(reconnectDelayMs(5, kicked, 0)).toBe(seconds(8))
    expect(failuresAfter(9, { kind: 'lost', lastedMs: minutes(60) })).toBe(0)
  })

  test('a hub that says no is not hammered', () => {
    expect(reconnectDelayMs(1, { kind: 'refused' }, 0)).toBe(seconds(15))
    expect(reconnectDelayMs(50, { kind: 'refused' }, 0.999)).toBeGreaterThan(minutes(9))
  })
})

describe('a desired section', () => {
  const body = { telemetryEveryMs: 5000 }
  const incoming = { version: 4, hash: sectionHash(body), body }
  const held = (change = {}) => ({ lineage: 'a', version: 3, hash: 'x', body: {}, ...change })
  const about = { lineage: 'a', known: true }

  test.each([
    ['the first one', undefined, incoming, about, 'apply'],
    ['a newer one', held(), incoming, about, 'apply'],
    ['an older one', held({ version: 5 }), incoming, about, 'keep'],
    [
      'an older one of another lineage (a restored hub)',
      held({ version: 5, lineage: 'b' }),
      incoming,
      about,
      'apply',
    ],
    ['the same one', held({ version: 4, hash: incoming.hash }), incoming, about, 'keep'],
    ['the same number with another body', held({ version: 4 }), incoming, about, 'apply'],
    ['one whose hash is wrong', held(), { ...incoming, hash: 'f'.repeat(64) }, about, 'refuse'],
    ['one that nobody here takes', undefined, incoming, { ...about, known: false }, 'refuse'],
  ] as const)('%s', (_, inForce, message, context, kind) => {
    expect(weigh(inForce, message, context).kind).toBe(kind)
  })

  test('of a newer hub with a name we do not know does not cost the others', () => {
    const message = { lineage: 'a', sections: { config: incoming, dance: incoming } }
    expect(onlyKnownSections(message)).toEqual({
      value: { lineage: 'a', sections: { config: incoming } },
      unknown: ['dance'],
    })
    expect(onlyKnownSections(null).unknown).toEqual([])
    expect(onlyKnownSections({ sections: 5 }).unknown).toEqual([])
  })
})

describe('a command', () => {
  const now = Date.UTC(2026, 10, 24, 12)
  test.each([
    ['in time', now + 1, 'trusted', undefined],
    ['at its end', now, 'trusted', 'expired'],
    ['by a clock in holdover', now + 1, 'holdover', undefined],
    ['by a clock that nobody believes', now + 1, 'untrusted', 'the agent does not know the time'],
  ] as const)('%s', (_, expiresAt, trust, refusal) => {
    expect(refusalOf({ expiresAt: new Date(expiresAt).toISOString() }, { now, trust })).toBe(
      refusal,
    )
  })
})
