import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  maySwitch,
  newContactor,
  onRead,
  onVerified,
  onWanted,
  onWrite,
} from '../../agents/light/contactor.ts'
import { jitterOf } from '../../agents/light/engine.ts'
import { decide, type Kept, longestHoldMs } from '../../agents/light/wanted.ts'

const interlock = { minOnMs: 60_000, minOffMs: 120_000 }

describe('may a relay be switched?', () => {
  test.each([
    ['off, just after it was switched on', true, false, 59_999, false],
    ['off, a minute after', true, false, 60_000, true],
    ['on, just after it was switched off', false, true, 119_999, false],
    ['on, two minutes after', false, true, 120_000, true],
    ['on again, at once', true, true, 0, true],
  ])('%s', (_, was, want, after, expected) => {
    const contactor = onWrite(newContactor(0), was, 1000)
    expect(maySwitch(contactor, want, { ...interlock, now: 1000 + after })).toBe(expected)
  })

  test('the first time it may', () => {
    expect(maySwitch(newContactor(0), true, { ...interlock, now: 0 })).toBe(true)
  })

  test('it never switches faster than the interlock, whatever is wanted when', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(90_000), fc.boolean())), (wants) => {
        let contactor = newContactor(0)
        let now = 0
        let last: { on: boolean; at: number } | undefined
        for (const [pause, want] of wants) {
          now += pause
          if (!maySwitch(contactor, want, { ...interlock, now })) continue
          contactor = onWrite(contactor, want, now)
          if (last && last.on !== want) {
            expect(now - last.at).toBeGreaterThanOrEqual(last.on ? 60_000 : 120_000)
          }
          if (last?.on !== want) last = { on: want, at: now }
        }
      }),
    )
  })
})

test('settled counts from the last change of what is wanted or read', () => {
  let contactor = onWanted(newContactor(0), true, 10)
  contactor = onRead(contactor, true, 20)
  expect(onRead(onWanted(contactor, true, 30), true, 40).changedAt).toBe(20)
  expect(onRead(contactor, false, 50).changedAt).toBe(50)
  expect(onRead(contactor, null, 60).changedAt).toBe(60)
  expect(onWanted(contactor, false, 70).changedAt).toBe(70)
})

test('ignored writes are counted until the relay follows or another state is wanted', () => {
  const stuck = onRead(onWanted(newContactor(0), true, 0), false, 0)
  const twice = onVerified(onVerified(stuck))
  expect(twice.ignored).toBe(2)
  expect(onVerified(onRead(twice, true, 1)).ignored).toBe(0)
  expect(onWanted(twice, null, 1).ignored).toBe(0)
})

describe('what is wanted', () => {
  const parts = ['circuit:1', 'circuit:2']
  const planned = () => ({ levels: { 'circuit:1': 100, 'circuit:2': 0 }, named: true })
  const kept = (heldMs = 0): Kept => ({ levels: { 'circuit:1': 50 }, heldMs })
  const at = (trust: 'trusted' | 'holdover' | 'untrusted', before?: Kept, sinceMs = 1000) =>
    decide({ trust, parts, planned, kept: before, sinceMs })

  test('by the plan while the clock is believed, also in holdover', () => {
    expect(at('trusted', kept(5000))).toMatchObject({
      levels: planned().levels,
      cause: 'plan',
      kept: { heldMs: 0 },
    })
    expect(at('holdover').cause).toBe('plan')
  })

  test('the last levels while it is not; a circuit without one is left alone', () => {
    expect(at('untrusted', kept(5000))).toEqual({
      levels: { 'circuit:1': 50, 'circuit:2': null },
      cause: 'held',
      kept: { levels: { 'circuit:1': 50 }, heldMs: 6000 },
    })
  })

  test('off after the longest hold; nothing at all without a memory', () => {
    expect(at('untrusted', kept(longestHoldMs - 1000)).cause).toBe('held')
    expect(at('untrusted', kept(longestHoldMs))).toMatchObject({
      levels: { 'circuit:1': 0, 'circuit:2': 0 },
      cause: 'hold-ended',
    })
    expect(at('untrusted').levels).toEqual({ 'circuit:1': null, 'circuit:2': null })
  })
})

test('jitter is the same for a cabinet for ever, differs between cabinets and may be none', () => {
  const all = Array.from({ length: 200 }, (_, n) => jitterOf(`cab${n}`, 30_000))
  expect(all).toEqual(Array.from({ length: 200 }, (_, n) => jitterOf(`cab${n}`, 30_000)))
  expect(new Set(all).size).toBeGreaterThan(190)
  expect(Math.min(...all)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...all)).toBeLessThanOrEqual(30_000)
  expect(jitterOf('cab1', 0)).toBe(0)
})
