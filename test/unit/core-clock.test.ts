import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  type Clock,
  createManualClock,
  createSwitchableClock,
  days,
  hours,
  minutes,
  seconds,
  systemClock,
} from '../../src/core/clock.ts'

const start = Date.UTC(2026, 10, 24)

/** Notes what ran, and when. */
function diary(clock: Clock) {
  const lines: string[] = []
  const note = (what: string) => () => lines.push(`${what}@${clock.now() - start}`)
  return { lines, note }
}

test('units', () => {
  expect([seconds(1), minutes(1), hours(1), days(1)]).toEqual([1e3, 6e4, 36e5, 864e5])
})

describe('the manual clock', () => {
  test('stands still until it is moved', () => {
    const clock = createManualClock(start)
    expect([clock.now(), clock.monotonic()]).toEqual([start, 0])
    clock.advance(1500)
    expect([clock.now(), clock.monotonic()]).toEqual([start + 1500, 1500])
  })

  test('runs timers by their moment, then in the order they were set', () => {
    const clock = createManualClock(start)
    const { lines, note } = diary(clock)
    clock.after(20, note('b'))
    clock.after(10, note('a'))
    clock.after(20, note('c'))
    clock.after(0, note('now'))
    clock.after(-5, note('past'))
    clock.after(31, note('later'))
    clock.advance(30)
    expect(lines).toEqual(['now@0', 'past@0', 'a@10', 'b@20', 'c@20'])
  })

  test('shows each timer its own moment, and runs what it sets on the way', () => {
    const clock = createManualClock(start)
    const { lines, note } = diary(clock)
    clock.after(10, () => clock.after(10, note('second')))
    clock.after(15, note('between'))
    clock.advance(100)
    expect(lines).toEqual(['between@15', 'second@20'])
    expect(clock.monotonic()).toBe(100)
  })

  test('repeats without drift until it is told to stop, also by itself', () => {
    const clock = createManualClock(start)
    const { lines, note } = diary(clock)
    const timer = clock.every(10, note('tick'))
    clock.advance(25)
    clock.advance(10)
    timer.cancel()
    clock.advance(100)
    expect(lines).toEqual(['tick@10', 'tick@20', 'tick@30'])
    const once = clock.every(5, () => {
      note('once')()
      once.cancel()
    })
    clock.advance(50)
    expect(lines.filter((line) => line.startsWith('once'))).toHaveLength(1)
  })

  test('steps the wall clock without touching what was measured or is due', () => {
    const clock = createManualClock(start)
    const { lines, note } = diary(clock)
    clock.after(100, note('due'))
    clock.step(-hours(1))
    expect([clock.now(), clock.monotonic()]).toEqual([start - hours(1), 0])
    clock.advance(99)
    expect(lines).toEqual([])
    clock.advance(1)
    expect(lines).toEqual([`due@${100 - hours(1)}`])
  })

  test('lets promises run after each timer when it lives', async () => {
    const clock = createManualClock(start)
    const seen: number[] = []
    const work = async () => {
      for (let i = 0; i < 3; i += 1) {
        await clock.sleep(10)
        seen.push(clock.monotonic())
      }
    }
    const done = work()
    await clock.live(100)
    await done
    expect(seen).toEqual([10, 20, 30])
  })
})

describe.each<[string, () => Clock & { pass: (ms: number) => void }]>([
  [
    'manual',
    () => {
      const clock = createManualClock(start)
      return { ...clock, pass: clock.advance }
    },
  ],
  ['system', () => ({ ...systemClock, pass: (ms) => void vi.advanceTimersByTime(ms) })],
  [
    'switchable',
    () => {
      const clock = createManualClock(start)
      return { ...createSwitchableClock(clock), pass: clock.advance }
    },
  ],
])('a %s clock', (_name, make) => {
  beforeEach(() => vi.useFakeTimers({ now: start }))
  afterEach(() => vi.useRealTimers())

  test('ends a sleep when it is over or called off, and never throws', async () => {
    const clock = make()
    const stop = new AbortController()
    const slept: string[] = []
    void clock.sleep(100).then(() => slept.push('over'))
    void clock.sleep(1000, stop.signal).then(() => slept.push('called off'))
    void clock.sleep(1000, AbortSignal.abort()).then(() => slept.push('never begun'))
    clock.pass(100)
    stop.abort()
    await Promise.resolve()
    expect(slept.sort()).toEqual(['called off', 'never begun', 'over'])
  })

  test.each([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 33])('waits %i ms and not less', (delayMs) => {
    const clock = make()
    let ran = 0
    clock.after(delayMs, () => {
      ran += 1
    })
    const cancelled = clock.after(delayMs, () => {
      ran += 100
    })
    clock.pass(delayMs - 1)
    expect(ran).toBe(0)
    cancelled.cancel()
    clock.pass(1)
    expect(ran).toBe(1)
    clock.pass(delayMs)
    expect(ran).toBe(1)
  })

  test.each([1000, 2 ** 31 + 1000])('repeats each %i ms', (periodMs) => {
    const clock = make()
    let ran = 0
    const timer = clock.every(periodMs, () => {
      ran += 1
    })
    clock.pass(periodMs - 1)
    expect(ran).toBe(0)
    clock.pass(1)
    clock.pass(periodMs)
    expect(ran).toBe(2)
    timer.cancel()
    clock.pass(periodMs * 3)
    expect(ran).toBe(2)
  })
})

describe('a switchable clock', () => {
  test('keeps what is armed, with what was left of it', () => {
    const first = createManualClock(start)
    const clock = createSwitchableClock(first)
    const { lines, note } = diary(clock)
    clock.after(100, note('once'))
    clock.every(40, note('tick'))
    const gone = clock.after(100, note('gone'))
    first.advance(60)
    const second = createManualClock(start + days(30))
    clock.switchTo(second)
    gone.cancel()
    first.advance(1000)
    expect(lines).toEqual(['tick@40'])
    second.advance(20)
    expect(lines).toEqual(['tick@40', `tick@${days(30) + 20}`])
    second.advance(20)
    expect(lines.slice(2)).toEqual([`once@${days(30) + 40}`])
    second.advance(60)
    expect(lines.slice(3)).toEqual([`tick@${days(30) + 60}`, `tick@${days(30) + 100}`])
  })

  test('never lets the monotonic time step back', () => {
    const first = createManualClock(start)
    first.advance(5000)
    const clock = createSwitchableClock(first)
    first.advance(100)
    const seen = [clock.monotonic()]
    for (const next of [createManualClock(0), createManualClock(start)]) {
      clock.switchTo(next)
      seen.push(clock.monotonic())
      next.advance(50)
      seen.push(clock.monotonic())
    }
    expect(seen).toEqual([100, 100, 150, 150, 200])
    expect(clock.now()).toBe(start + 50)
  })

  test('wakes who sleeps across the change', async () => {
    const first = createManualClock(start)
    const clock = createSwitchableClock(first)
    let awake = false
    const sleeping = clock.sleep(100).then(() => {
      awake = true
    })
    first.advance(99)
    const second = createManualClock(start)
    clock.switchTo(second)
    expect(awake).toBe(false)
    second.advance(1)
    await sleeping
    expect(awake).toBe(true)
  })

  test('may be changed by a timer of its own', () => {
    const first = createManualClock(start)
    const second = createManualClock(start)
    const clock = createSwitchableClock(first)
    const { lines, note } = diary(clock)
    clock.every(10, note('tick'))
    clock.after(20, () => clock.switchTo(second))
    first.advance(100)
    const before = lines.length
    second.advance(30)
    expect(before).toBe(1)
    // What was due at the moment of the change, and three more.
    expect(lines).toHaveLength(5)
  })
})
