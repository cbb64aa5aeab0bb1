import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isUnknown, reconcile } from '../../src/alerts/condition-set.ts'
import { type Candidate, causeCodes, causeOf, recorrelate } from '../../src/alerts/correlation.ts'
import { isCovered, joinLate } from '../../src/alerts/late.ts'
import {
  type AlertFacts,
  onAcknowledge,
  onResolveByHand,
  onSeen,
  reopenWithinMs,
} from '../../src/alerts/lifecycle.ts'
import { commonKnowledge, silentBefore } from '../../src/alerts/silence.ts'
import { minutes, seconds } from '../../src/core/clock.ts'
import { faults } from '../../src/faults/catalogue.ts'

describe('an open alert and the newest full set', () => {
  const alert = { unit: 'nvr1', part: 'ch:1', code: 'channel-offline', assetId: 'cam' }
  const active = [{ ...alert, since: '2026-11-24T00:00:00Z' }]
  const bound = (): string | undefined => 'cam'
  it.each([
    ['is in the set', active, [], bound, 'kept'],
    ['is absent', [], [], bound, 'ended'],
    ['is absent and not judged', [], [{ unit: 'nvr1' }], bound, 'unknown'],
    ['is absent, another part not judged', [], [{ unit: 'nvr1', part: 'ch:2' }], bound, 'ended'],
    [
      'is absent, another code not judged',
      [],
      [{ unit: 'nvr1', part: 'ch:1', code: 'x' }],
      bound,
      'ended',
    ],
    ['is absent, another unit not judged', [], [{ unit: 'nvr2' }], bound, 'ended'],
    ['is in the set and not judged at once', active, [{ unit: 'nvr1' }], bound, 'unknown'],
    ['is in the set for another asset', active, [], (): string | undefined => 'other', 'ended'],
    [
      'is not judged, on another asset',
      [],
      [{ unit: 'nvr1' }],
      (): string | undefined => 'other',
      'ended',
    ],
    ['is bound to nothing any more', active, [], (): string | undefined => undefined, 'ended'],
  ] as const)('%s', (_, set, unknown, assetOf, expected) => {
    const result = reconcile([alert], { active: set, unknown }, assetOf)
    const found = result.ended.length ? 'ended' : result.unknown.length ? 'unknown' : 'kept'
    expect(found).toBe(expected)
  })

  it('scopes not knowing by unit, part and code', () => {
    expect(isUnknown([], alert)).toBe(false)
    expect(isUnknown([{ unit: 'nvr1', code: 'channel-offline' }], alert)).toBe(true)
    expect(isUnknown([{ unit: 'nvr1', part: '' }], alert)).toBe(false)
  })
})

const facts = (over: Partial<AlertFacts> = {}): AlertFacts => ({
  state: 'open',
  severity: 'medium',
  active: true,
  resolvedAt: null,
  ...over,
})

describe("an alert's life", () => {
  const now = 1e12
  const ended = (ago: number, severity: AlertFacts['severity'] = 'medium') =>
    facts({ state: 'resolved', resolvedAt: now - ago, severity })
  const seen = { severity: 'medium' as const, now }
  it.each([
    ['nothing before', undefined, undefined, seen, { do: 'open' }],
    ['open, as severe', facts(), undefined, seen, { do: 'keep' }],
    ['open, less severe', facts({ severity: 'critical' }), undefined, seen, { do: 'keep' }],
    [
      'open, more severe',
      facts(),
      undefined,
      { ...seen, severity: 'high' },
      { do: 'raise', severity: 'high' },
    ],
    [
      'acknowledged, more severe',
      facts({ state: 'acknowledged' }),
      undefined,
      { ...seen, severity: 'critical' },
      { do: 'raise', severity: 'critical' },
    ],
    [
      'ended just within',
      undefined,
      ended(reopenWithinMs),
      seen,
      { do: 'reopen', severity: 'medium' },
    ],
    ['ended just beyond', undefined, ended(reopenWithinMs + 1), seen, { do: 'open' }],
    [
      'ended, was worse',
      undefined,
      ended(1, 'critical'),
      seen,
      { do: 'reopen', severity: 'critical' },
    ],
    ['ended, is worse', undefined, ended(1, 'low'), seen, { do: 'reopen', severity: 'medium' }],
    ['open beats ended', facts(), ended(1), seen, { do: 'keep' }],
  ] as const)('seen: %s', (_, open, last, what, expected) => {
    expect(onSeen(open, last, what)).toEqual(expected)
  })

  it('lets people take on what is not over, and close only what nobody sees', () => {
    expect(onAcknowledge(facts())).toEqual({ state: 'acknowledged' })
    expect(onAcknowledge(facts({ state: 'acknowledged' }))).toEqual({ state: 'acknowledged' })
    expect(onAcknowledge(facts({ state: 'resolved' }))).toHaveProperty('refused')
    expect(onResolveByHand(facts())).toHaveProperty('refused')
    expect(onResolveByHand(facts({ active: false }))).toEqual({ state: 'resolved' })
    expect(onResolveByHand(facts({ active: false, state: 'resolved' }))).toHaveProperty('refused')
  })
})

const candidate = (id: string, code: string, over: Partial<Candidate> = {}): Candidate => ({
  ...{ id, code, assetId: `asset-${id}`, parentId: null, agentId: 'agent-a' },
  ...{ siteId: null, since: 0, causeId: null },
  ...over,
})

describe('one cause, one alert', () => {
  const channels = (parentId: string) =>
    Array.from({ length: 16 }, (_, i) => candidate(`c${i}`, 'channel-offline', { parentId }))

  it('stands channels under their recorder, not under another one', () => {
    const recorder = candidate('r', 'recorder-unreachable', { assetId: 'rec' })
    const moves = recorrelate([...channels('rec'), recorder])
    expect(moves).toHaveLength(16)
    expect(new Set(moves.map((move) => move.causeId))).toEqual(new Set(['r']))
    expect(recorrelate([...channels('other'), recorder])).toEqual([])
  })

  it.each([
    ['much older than the cause', -minutes(5) - 1, false],
    ['a little older than the cause', -minutes(5), true],
    ['younger', minutes(60), true],
  ])('a fault that is %s', (_, since, isChild) => {
    const cause = candidate('r', 'recorder-unreachable', { assetId: 'rec' })
    const child = candidate('c', 'channel-offline', { parentId: 'rec', since })
    expect(causeOf(child, [cause, child])).toBe(isChild ? 'r' : undefined)
  })

  it('detaches when the cause is gone, and moves to the wider cause when that comes', () => {
    const child = candidate('c', 'channel-offline', { parentId: 'rec', siteId: 's', causeId: 'r' })
    expect(recorrelate([child])).toEqual([{ id: 'c', causeId: null }])
    const ups = candidate('u', 'ups-on-battery', { siteId: 's', agentId: 'agent-b' })
    expect(recorrelate([child, ups])).toEqual([{ id: 'c', causeId: 'u' }])
    const beyond = candidate('r', 'recorder-unreachable', { assetId: 'rec' })
    expect(recorrelate([child], [beyond])).toEqual([])
  })

  it('does not join what stands on no site', () => {
    const ups = candidate('u', 'ups-on-battery')
    const child = candidate('c', 'agent-silent', { agentId: 'agent-b' })
    expect(causeOf(child, [ups, child])).toBeUndefined()
  })

  it('makes no circles, is stable, and does not depend on the order of what it reads', () => {
    const code = fc.constantFrom(...Object.keys(faults))
    const few = fc.constantFrom('a', 'b', 'c')
    const alerts = fc
      .array(
        fc.record({
          code,
          assetId: few,
          parentId: fc.option(few),
          agentId: few,
          siteId: fc.option(few),
          since: fc.integer({ min: 0, max: minutes(12) }),
        }),
        { maxLength: 14 },
      )
      .map((list) => list.map((one, i) => ({ ...one, id: `alert-${i}`, causeId: null })))
    const settle = (list: Candidate[]) => {
      const moves = new Map(recorrelate(list).map((move) => [move.id, move.causeId]))
      return list.map((one) => ({
        ...one,
        causeId: moves.has(one.id) ? (moves.get(one.id) ?? null) : one.causeId,
      }))
    }
    fc.assert(
      fc.property(
        alerts.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        ([list, shuffled]) => {
          const settled = settle(list)
          expect(recorrelate(settled)).toEqual([])
          const byId = (all: Candidate[]) => new Map(all.map((one) => [one.id, one]))
          const [mine, others] = [byId(settled), byId(settle(shuffled))]
          for (const one of settled) {
            expect(others.get(one.id)?.causeId).toBe(one.causeId)
            let up = one.causeId
            for (let steps = 0; up !== null; steps += 1) {
              expect(steps).toBeLessThan(4)
              expect(causeCodes).toContain(mine.get(up)?.code)
              up = mine.get(up)?.causeId ?? null
            }
          }
        },
      ),
      { numRuns: 1000 },
    )
  })
})

describe('silence by watermark', () => {
  const now = 1e12
  const hub = (over = {}) => ({ watermark: now, listeningSince: 0, aliveUntil: now, ...over })
  it('knows as far as the slowest living hub, and listens since the one that has longest', () => {
    expect(commonKnowledge([], now)).toBeUndefined()
    expect(commonKnowledge([hub({ aliveUntil: now - 1 })], now)).toBeUndefined()
    const slow = hub({ watermark: now - minutes(9), listeningSince: 7 })
    const dead = hub({ watermark: 1, aliveUntil: now - 1 })
    expect(commonKnowledge([hub({ listeningSince: 3 }), slow, dead], now)).toEqual({
      watermark: now - minutes(9),
      listeningSince: 3,
    })
  })

  it.each([
    ['listened for long', 0, 0, -180_000],
    ['its readers are ten minutes behind', -minutes(10), 0, -minutes(10) - 180_000],
    ['listens for three minutes only', 0, now - seconds(180), undefined],
    ['listens for a little longer', 0, now - seconds(181), -180_000],
    ['is behind its own start', -minutes(10), now - minutes(11), undefined],
  ])('a hub that %s', (_, behind, listeningSince, expected) => {
    const edge = silentBefore({ watermark: now + behind, listeningSince })
    expect(edge === undefined ? undefined : edge - now).toBe(expected)
  })
})

describe('late faults', () => {
  const late = (since: number, seenAt: number) => ({
    ...{ assetId: 'cam', part: '', code: 'channel-offline', agentId: 'a', unit: 'nvr1' },
    ...{ unitPart: 'ch:1', since, seenAt },
  })
  it('joins the sets of one fault until it was last seen', () => {
    const joined = joinLate([late(1, 5), late(1, 9), late(1, 7), late(20, 21)])
    expect(joined.map(({ since, seenAt }) => [since, seenAt])).toEqual([
      [1, 9],
      [20, 21],
    ])
  })
  it.each([
    ['open since before', 1, null, true],
    ['ended before it began', 1, 9, false],
    ['ended when it began', 1, 10, true],
    ['began after it was last seen', 21, null, false],
    ['began while it was seen', 20, null, true],
  ])('an alert that %s', (_, since, resolvedAt, expected) => {
    const alert = { assetId: 'cam', part: '', code: 'channel-offline', since, resolvedAt }
    expect(isCovered(late(10, 20), alert)).toBe(expected)
    expect(isCovered(late(10, 20), { ...alert, code: 'disk-fault' })).toBe(false)
  })
})
