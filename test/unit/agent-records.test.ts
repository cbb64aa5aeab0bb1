import { describe, expect, test } from 'vitest'
import type { Collected } from '../../agents/runtime/collector.ts'
import {
  correctJudgement,
  fingerprint,
  fullSet,
  look,
  resume,
} from '../../agents/runtime/conditions.ts'
import {
  isWorthSending,
  stateChanged,
  toConditions,
  toTelemetry,
  withEnvelope,
} from '../../agents/runtime/recorder-of-records.ts'
import { decode, encode } from '../../src/contract/wire/codec.ts'
import type { Sample } from '../../src/contract/wire/messages.ts'
import { minutes, seconds } from '../../src/core/clock.ts'
import type { Verdict } from '../../src/faults/judge.ts'

const now = Date.UTC(2026, 10, 24, 12)
const iso = (at: number) => new Date(at).toISOString()
const sample = (parts: Sample['parts']): Sample => ({ unit: 'nvr1', kind: 'recorder', parts })
const collected = (parts: Sample['parts'], at = now): Collected => ({
  at,
  sample: sample(parts),
  verdicts: [],
})
const diskFault: Verdict = { part: 'disk:1', code: 'disk-fault', state: 'fault', raw: 'error' }
const faulty = () => look(look(resume({}, now), [diskFault], now), [diskFault], now + minutes(1))
const one = (judgement: ReturnType<typeof resume>) => [
  { unit: 'nvr1', everyMs: minutes(1), judgement },
]

describe('telemetry', () => {
  test('carries the time of the reading, and the figures of the agent itself', () => {
    const record = toTelemetry(collected({ '': { cpu: 3 } }), { backlog: 7, rtt_ms: null })
    expect(record.body.samples).toEqual([
      {
        ...sample({ '': { cpu: 3 }, 'agent:self': { backlog: 7, rtt_ms: null } }),
        at: iso(now),
      },
    ])
  })

  test.each([
    ['a number moved', { '': { cpu: 90, reachable: 1 } }, false],
    ['a state changed', { '': { cpu: 3, reachable: 0 } }, true],
    ['a value became unknown', { '': { cpu: null, reachable: 1 } }, true],
    ['a value is not asked any more', { '': { reachable: 1 } }, true],
    ['a part came', { '': { cpu: 3, reachable: 1 }, 'ch:1': { online: 1 } }, true],
    ['all parts went', {}, true],
  ])('%s: changed = %s', (_, parts, changed) => {
    expect(stateChanged(sample({ '': { cpu: 3, reachable: 1 } }), sample(parts))).toBe(changed)
  })

  test.each([
    ['nothing was sent yet', undefined, 0, true],
    ['polled again soon after', 0, seconds(10), false],
    ['the period is over', 0, seconds(60), true],
    ['the period ends before the next poll', 0, seconds(55), true],
    ['the clock went back', 0, -seconds(1), true],
  ])('%s: worth sending = %s', (_, lastAt, nextAt, worth) => {
    const last = lastAt === undefined ? undefined : { sample: sample({}), at: now + lastAt }
    const pace = { everyMs: seconds(60), pollMs: seconds(10) }
    expect(isWorthSending(last, collected({}, now + nextAt), pace)).toBe(worth)
  })

  test('decodes at the other end, bounds and all', () => {
    const stamp = { id: ['0a1b2c3d4e5f', 4] as [string, number], lane: 'backlog' as const }
    const body = withEnvelope(toTelemetry(collected({ '': { cpu: 3 } })), {
      ...stamp,
      boot: '00c0ffee',
      mono: 12,
      at: now,
      trust: 'untrusted',
      bounds: [now - 5, now],
    })
    const decoded = decode('telemetry', encode('telemetry', body))
    expect(decoded).toMatchObject({
      ok: true,
      body: { ...stamp, at: iso(now), bounds: [iso(now - 5), iso(now)] },
    })
  })
})

describe('conditions', () => {
  test('name what is active since its first sight, and decode at the other end', () => {
    const { body } = toConditions(one(faulty()), now + minutes(1))
    expect(body).toMatchObject({
      active: [
        {
          unit: 'nvr1',
          part: 'disk:1',
          code: 'disk-fault',
          since: iso(now),
          severity: 'critical',
          raw: 'error',
        },
      ],
      unknown: [],
    })
  })

  test('a unit that nobody has looked at is unknown as a whole, before and after a restart', () => {
    expect(fullSet(one(resume({}, now)), now)).toEqual({ active: [], unknown: [{ unit: 'nvr1' }] })
    const kept = JSON.parse(JSON.stringify(faulty().judged.memory))
    const again = fullSet(one(resume(kept, now + minutes(9))), now + minutes(9))
    expect(again.unknown).toEqual([{ unit: 'nvr1' }])
    expect(again.active).toMatchObject([{ code: 'disk-fault', since: iso(now) }])
  })

  test('a unit whose polls give nothing becomes unknown, and does not end its faults', () => {
    const at = now + minutes(1)
    expect(fullSet(one(faulty()), at + minutes(3)).unknown).toEqual([])
    const later = fullSet(one(faulty()), at + minutes(3) + 1)
    expect(later.unknown).toEqual([{ unit: 'nvr1' }])
    expect(later.active).toHaveLength(1)
  })

  test('a hold goes on over a restart', () => {
    const begun = look(resume({}, now), [diskFault], now)
    const kept = JSON.parse(JSON.stringify(begun.judged.memory))
    // The restart itself saw nothing and must not end the hold.
    const after = look(
      { judged: { memory: kept, active: [], unknown: [] } },
      [diskFault],
      now + minutes(1),
    )
    expect(after.judged.active).toMatchObject([{ code: 'disk-fault', since: now }])
  })

  test('a code of another version is left behind', () => {
    expect(resume({ 'disk:1|no-such-fault': { since: now } }, now).judged.active).toEqual([])
  })

  test('the same faults in another order say the same; a new since or a new unknown does not', () => {
    const set = fullSet(one(faulty()), now + minutes(1))
    const other = {
      ...set,
      active: [...set.active, { ...set.active[0], part: 'disk:2' }],
    } as typeof set
    expect(fingerprint({ ...other, active: other.active.toReversed() })).toBe(fingerprint(other))
    expect(fingerprint(other)).not.toBe(fingerprint(set))
    expect(fingerprint({ ...set, unknown: [{ unit: 'nvr1', part: 'ch:1' }] })).not.toBe(
      fingerprint(set),
    )
  })

  test('a corrected clock moves what was judged by it, and nothing older', () => {
    const before = look(
      resume({ 'disk:2|disk-fault': { since: now - minutes(90) } }, now),
      [diskFault],
      now,
    )
    const after = correctJudgement(before, { since: now - minutes(10), byMs: minutes(1000) })
    expect(after.judged.memory).toEqual({
      'disk:1|disk-fault': { pendingSince: now + minutes(1000), raw: 'error' },
      'disk:2|disk-fault': { since: now - minutes(90) },
    })
    expect(after.judged.active).toMatchObject([{ part: 'disk:2', since: now - minutes(90) }])
    expect(after.lookedAt).toBe(now + minutes(1000))
    // Without the shift the hold would end at once.
    expect(look(after, [diskFault], now + minutes(1000)).judged.active).toHaveLength(1)
  })
})
