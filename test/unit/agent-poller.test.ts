import { describe, expect, onTestFinished, test } from 'vitest'
import type { Collected, Collector } from '../../agents/runtime/collector.ts'
import { startPoller } from '../../agents/runtime/poller.ts'
import { createManualClock, minutes, seconds } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'

const reading: Collected = {
  at: 0,
  sample: { unit: 'nvr1', kind: 'recorder', parts: {} },
  verdicts: [],
}

async function poll(
  collect: Collector['collect'],
  { random = (): number => 0.5, clock = createManualClock(0) } = {},
) {
  const seen = { collected: [] as number[], nothing: 0 }
  const poller = startPoller({
    collector: { unit: 'nvr1', kind: 'recorder', everyMs: minutes(1), collect },
    clock,
    log: silentLog,
    random,
    onCollected: () => seen.collected.push(clock.monotonic()),
    onNothing: () => {
      seen.nothing += 1
    },
  })
  onTestFinished(() => poller.stop())
  await clock.live(0)
  return { clock, seen, poller }
}

describe('a poller', () => {
  test('polls at once and then each period', async () => {
    const { clock, seen } = await poll(async () => reading)
    await clock.live(minutes(3) + 1)
    expect(seen.collected).toEqual([0, 1, 2, 3].map(minutes))
  })

  test('keeps its period from start to start, whatever a poll takes', async () => {
    const clock = createManualClock(0)
    const slow = async () => {
      await clock.sleep(seconds(20))
      return reading
    }
    const { seen } = await poll(slow, { clock })
    await clock.live(minutes(2) + seconds(20) + 1)
    expect(seen.collected).toEqual([20, 80, 140].map(seconds))
  })

  test('two that began together drift apart', async () => {
    const early = await poll(async () => reading, { random: () => 0 })
    const late = await poll(async () => reading, { random: () => 0.999 })
    await Promise.all([early.clock.live(minutes(20)), late.clock.live(minutes(20))])
    expect(early.seen.collected.length).toBeGreaterThan(late.seen.collected.length)
  })

  test('never asks a device twice at a time, nor waits for it for ever', async () => {
    let open = 0
    let most = 0
    let calls = 0
    const { clock, seen } = await poll(() => {
      calls += 1
      open += 1
      most = Math.max(most, open)
      // Ignores its signal and never ends.
      return new Promise(() => {})
    })
    await clock.live(minutes(5))
    expect([calls, most]).toEqual([1, 1])
    expect(seen.nothing).toBe(6)
    await clock.live(minutes(3))
    expect(calls).toBe(2)
  })

  test('aborts a poll that is overdue and goes on with the next', async () => {
    let aborted = 0
    let calls = 0
    const { clock, seen } = await poll((signal) => {
      calls += 1
      if (calls > 1) return Promise.resolve(reading)
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted += 1
          reject(new Error('aborted'))
        })
      })
    })
    await clock.live(minutes(1) + 1)
    expect([aborted, seen.nothing, seen.collected]).toEqual([1, 1, [minutes(1)]])
  })

  test('a collector that throws at once is a poll that gave nothing', async () => {
    const { clock, seen } = await poll(() => {
      throw new Error('broken')
    })
    await clock.live(minutes(1) + 1)
    expect(seen).toEqual({ collected: [], nothing: 2 })
  })

  test('polls when asked to, also when asked during a poll', async () => {
    let end: (value: Collected) => void = () => {}
    const { clock, seen, poller } = await poll(
      () =>
        new Promise((resolve) => {
          end = resolve
        }),
    )
    await clock.live(1)
    poller.pollSoon()
    end(reading)
    await clock.live(1)
    end(reading)
    await clock.live(1)
    expect(seen.collected).toHaveLength(2)
    poller.pollSoon()
    await clock.live(1)
    end(reading)
    await clock.live(1)
    expect(seen.collected).toHaveLength(3)
  })

  test('stops in the middle of a poll', async () => {
    const { poller, seen } = await poll(() => new Promise(() => {}))
    await poller.stop()
    expect(seen).toEqual({ collected: [], nothing: 0 })
  })
})
