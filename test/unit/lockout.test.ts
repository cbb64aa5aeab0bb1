import { describe, expect, test } from 'vitest'
import {
  freshLockout,
  type Lockout,
  lockoutText,
  mayAsk,
  onAccepted,
  onRefused,
  type Refusal,
} from '../../agents/recorder/lockout.ts'
import { hours, minutes } from '../../src/core/clock.ts'

const t0 = Date.UTC(2026, 10, 20)
const worked = onAccepted(freshLockout)
const rejected: Refusal = { kind: 'rejected' }

/** Tries whenever it may, is refused each time: the minutes at which it tried. */
function triesOf(from: Lockout, refusal: Refusal): number[] {
  const tries: number[] = []
  let state = from
  for (let minute = 0; minute <= 7 * 24 * 60; minute++) {
    if (!mayAsk(state, t0 + minutes(minute))) continue
    tries.push(minute)
    state = onRefused(state, refusal, t0 + minutes(minute))
  }
  return tries
}

describe('lock-out policy', () => {
  test.each([
    ['a login that never worked is tried once', freshLockout, rejected, [0]],
    ['one that worked is tried after 5, 15, 30, 60 minutes', worked, rejected, [0, 5, 20, 50, 110]],
    ['…but never to the last free try', worked, { kind: 'rejected', triesLeft: 1 }, [0]],
    ['with tries left it goes on', worked, { kind: 'rejected', triesLeft: 4 }, [0, 5, 20, 50, 110]],
    [
      'a new login is not tried on, whatever is left',
      freshLockout,
      { ...rejected, triesLeft: 4 },
      [0],
    ],
    [
      'a lock is waited out with a margin, four times',
      freshLockout,
      { kind: 'locked', unlockInS: 1800 },
      [0, 35, 70, 105, 165],
    ],
    [
      'a lock without a time counts as half an hour',
      worked,
      { kind: 'locked', unlockInS: 0 },
      [0, 35, 70, 105, 165],
    ],
    [
      'a longer lock is believed',
      worked,
      { kind: 'locked', unlockInS: 7200 },
      [0, 125, 250, 375, 500],
    ],
    ['outdated nonces are no wrong password', freshLockout, { kind: 'stale' }, [0, 5, 20, 50, 110]],
  ] as const)('%s', (_, state, refusal, expected) => {
    expect(triesOf(state, refusal)).toEqual(expected)
  })

  test('acceptance forgets the refusals', () => {
    const once = onRefused(worked, rejected, t0)
    const again = onAccepted(once)
    expect(again).toEqual(worked)
    expect(lockoutText(again)).toBeUndefined()
  })

  test.each([
    [onRefused(freshLockout, rejected, t0), 'wrong password'],
    [onRefused(freshLockout, { ...rejected, triesLeft: 4 }, t0), 'wrong password, 4 tries left'],
    [onRefused(worked, rejected, t0), 'login refused (was working)'],
    [
      onRefused(worked, { kind: 'locked', unlockInS: 1800 }, t0),
      'locked, unlock at 2026-11-20T00:30:00.000Z',
    ],
    [onRefused(worked, { kind: 'stale' }, t0), 'login refused (nonce)'],
  ])('what to show %#', (state, text) => {
    expect(lockoutText(state)).toBe(text)
  })

  test('a clock that steps back holds longer, never shorter', () => {
    const state = onRefused(worked, rejected, t0)
    expect(mayAsk(state, t0 - hours(10))).toBe(false)
  })
})
