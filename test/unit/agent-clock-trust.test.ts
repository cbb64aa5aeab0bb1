import { describe, expect, test } from 'vitest'
import {
  aged,
  atStart,
  type Belief,
  believedAt,
  buildAt,
  type KeptBelief,
  onHubTime,
  onMachine,
  stepBetween,
} from '../../agents/runtime/clock-trust.ts'
import { days, hours, minutes, seconds } from '../../src/core/clock.ts'

const now = Date.UTC(2026, 10, 24, 12)
const machine = (
  wall: number,
  also: { ntpSynced?: boolean; rtc?: boolean; mono?: number } = {},
) => ({
  wall,
  mono: 5000,
  ntpSynced: false,
  rtc: false,
  ...also,
})
const keptAt = (wall: number, boot = 'b1', mono = 1000): KeptBelief => ({
  boot,
  trust: 'trusted',
  source: 'hub',
  wall,
  mono,
  confirmedMono: mono,
})
const belief = (change: Partial<Belief> = {}): Belief => ({
  trust: 'trusted',
  source: 'hub',
  wall: now,
  mono: 0,
  confirmedMono: 0,
  ...change,
})

describe('the clock at the start', () => {
  test.each([
    ['NTP is believed', machine(now, { ntpSynced: true }), undefined, 'trusted'],
    [
      'NTP of before this program was built is not',
      machine(0, { ntpSynced: true }),
      undefined,
      'untrusted',
    ],
    ['an RTC is believed when nothing is kept', machine(now, { rtc: true }), undefined, 'trusted'],
    [
      'an RTC that went on since is believed',
      machine(now, { rtc: true }),
      keptAt(now - 1),
      'trusted',
    ],
    [
      'an RTC a little behind is a clock in holdover',
      machine(now, { rtc: true }),
      keptAt(now + minutes(59)),
      'holdover',
    ],
    [
      'an RTC an hour behind is not believed',
      machine(now, { rtc: true }),
      keptAt(now + minutes(61)),
      'untrusted',
    ],
    ['an RTC in 1970 is not believed', machine(0, { rtc: true }), undefined, 'untrusted'],
    [
      'the shutdown time restored without an RTC is not believed',
      machine(now),
      keptAt(now),
      'untrusted',
    ],
  ] as const)('%s', (_, time, kept, trust) => {
    expect(atStart(time, 'b2', kept).trust).toBe(trust)
  })

  test('the same boot goes on from what was kept, whatever the wall clock says', () => {
    const state = atStart(machine(0, { mono: 61_000 }), 'b1', keptAt(now))
    expect([state.trust, believedAt(state, 61_000)]).toEqual(['trusted', now + 60_000])
  })

  test('a clock that is not believed is at least not before the last known time', () => {
    expect(believedAt(atStart(machine(0), 'b2', keptAt(now)), 5000)).toBe(now)
    expect(believedAt(atStart(machine(0), 'b2'), 5000)).toBe(buildAt)
  })
})

describe('the clock as it goes on', () => {
  test('a week without confirmation is holdover, not a day less', () => {
    expect(aged(belief(), days(7)).trust).toBe('trusted')
    expect(aged(belief(), days(7) + 1).trust).toBe('holdover')
  })

  test('NTP is followed over a step', () => {
    const after = onMachine(belief(), machine(now + hours(3), { ntpSynced: true, mono: 0 }))
    expect([after.trust, after.source, stepBetween(belief(), after)]).toEqual([
      'trusted',
      'ntp',
      hours(3),
    ])
  })

  test('a step of the wall clock without NTP is not believed', () => {
    const after = onMachine(belief(), machine(now - days(400), { mono: 60_000 }))
    expect(believedAt(after, 60_000)).toBe(now + 60_000)
  })

  test('an RTC machine that slept wakes with the right time, and never an hour back', () => {
    const before = belief({ source: 'rtc' })
    const slept = onMachine(before, machine(now + hours(8), { rtc: true, mono: 1000 }))
    expect(believedAt(slept, 1000)).toBe(now + hours(8))
    expect(onMachine(before, machine(now - hours(2), { rtc: true, mono: 1000 })).trust).toBe(
      'untrusted',
    )
  })
})

describe("the hub's time", () => {
  const message = { at: now, trust: 'trusted', rttMs: 200, mono: 1000 } as const

  test('is late by half a round trip', () => {
    const after = onHubTime(belief({ trust: 'untrusted', wall: 0 }), message)
    expect([after.trust, believedAt(after, 1000)]).toEqual(['trusted', now + 100])
  })

  test.each([
    ['a hub that does not know', { ...message, trust: 'untrusted' }],
    ['a time before this program was built', { ...message, at: buildAt - 1 }],
  ] as const)('%s changes nothing', (_, from) => {
    const before = belief({ trust: 'untrusted', wall: 0 })
    expect(onHubTime(before, from)).toBe(before)
  })

  test('a hub in holdover helps only who knows nothing', () => {
    const from = { ...message, trust: 'holdover', at: now + hours(1) } as const
    expect(onHubTime(belief(), from)).toEqual(belief())
    expect(onHubTime(belief({ trust: 'untrusted', wall: 0 }), from).trust).toBe('holdover')
  })

  test('does not touch what NTP keeps', () => {
    const before = belief({ source: 'ntp' })
    expect(onHubTime(before, { ...message, at: now + hours(1) })).toBe(before)
  })

  test('a small difference confirms without a step, a large one steps', () => {
    const before = belief({ trust: 'holdover' })
    const close = onHubTime(before, { ...message, at: now + 1000 + 300 })
    expect([close.trust, close.confirmedMono, stepBetween(before, close)]).toEqual([
      'trusted',
      1000,
      0,
    ])
    const far = onHubTime(before, { ...message, at: now + seconds(31) })
    expect(stepBetween(before, far)).toBe(seconds(30) + 100)
  })

  test('a message that was long under way moves nobody who knows the time', () => {
    const before = belief()
    expect(onHubTime(before, { ...message, rttMs: 15_000, at: now - hours(1) })).toBe(before)
  })
})
