import { assert as check, integer, property } from 'fast-check'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { createManualClock, type ManualClock, minutes, seconds } from '../../src/core/clock.ts'
import { backoffMs, createLoop } from '../../src/core/loop.ts'

type Turn = (signal: AbortSignal, clock: ManualClock) => Promise<boolean | undefined>

async function rig(turn: Turn, idleMs = 1000) {
  const clock = createManualClock(0)
  const lines: { level: number; msg: string }[] = []
  const log = pino(
    { level: 'trace' },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  )
  const errors: unknown[] = []
  const onError = (error: unknown) => void errors.push(error)
  const loop = createLoop({
    ...{ name: 'test', clock, log, idleMs, onError },
    turn: (signal) => turn(signal, clock),
  })
  // The first turn is under way; what it leads to is armed now.
  await clock.live(0)
  return { clock, loop, lines, errors, phrases: () => lines.map((one) => one.msg) }
}

describe('a loop', () => {
  test('turns at once, rests while there is nothing, and goes on while there is more', async () => {
    const at: number[] = []
    const { clock, loop } = await rig(async (_signal, clock) => {
      at.push(clock.monotonic())
      return at.length === 2
    })
    await clock.live(2500)
    expect(at).toEqual([0, 1000, 1000, 2000])
    await loop.stop()
  })

  test('is woken from its rest, and once more by who calls during a turn', async () => {
    const at: number[] = []
    const { clock, loop } = await rig(async (_signal, { monotonic }) => {
      at.push(monotonic())
      if (at.length === 2) loop.wake()
      return false
    })
    await clock.live(300)
    loop.wake()
    loop.wake()
    await clock.live(0)
    expect(at).toEqual([0, 300, 300])
    await loop.stop()
  })

  test('never dies: it backs off, is not hurried, says so once and works again', async () => {
    const at: number[] = []
    let broken = true
    const { clock, loop, errors, phrases } = await rig(async (_signal, { monotonic }) => {
      at.push(monotonic())
      if (broken) throw new Error('no disk')
      return false
    })
    for (let i = 0; i < 600; i += 1) {
      loop.wake()
      await clock.live(seconds(1))
    }
    const gaps = at.slice(1).map((one, i) => one - (at[i] ?? 0))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000)
    expect(Math.min(...gaps.slice(6))).toBeGreaterThanOrEqual(15_000)
    expect(errors).toHaveLength(at.length)
    expect(phrases().filter((one) => one === 'loop failed, trying again')).toHaveLength(1)
    broken = false
    await clock.live(minutes(1))
    expect(phrases().at(-1)).toBe('loop works again')
    await loop.stop()
  })

  test('lives through a turn that throws nothing at all', async () => {
    let turns = 0
    const { clock, loop, errors } = await rig(() => {
      turns += 1
      // biome-ignore lint/style/useThrowOnlyError: what others throw is not ours to choose
      throw undefined
    })
    await clock.live(minutes(5))
    expect(turns).toBeGreaterThan(5)
    expect(errors.every((error) => error === undefined)).toBe(true)
    await loop.stop()
  })

  test('stops at once when it rests, and waits for a turn that runs', async () => {
    const resting = await rig(async () => false, minutes(60))
    await resting.loop.stop()
    const told: boolean[] = []
    const running = await rig(
      (signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            told.push(signal.aborted)
            resolve(true)
          })
        }),
    )
    await running.loop.stop()
    expect(told).toEqual([true])
    expect(running.errors).toEqual([])
  })

  test('does not count as a failure what a stop breaks off', async () => {
    const { loop, lines } = await rig(
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('broken off')))
        }),
    )
    await loop.stop()
    expect(lines).toEqual([])
  })
})

test('a wait doubles between half and whole, up to its limit, for ever', async () => {
  await check(
    property(integer({ min: 1, max: 5000 }), (failures) => {
      const wait = backoffMs(failures)
      const step = Math.min(30_000, 500 * 2 ** (failures - 1))
      expect(wait).toBeGreaterThanOrEqual(step / 2)
      expect(wait).toBeLessThanOrEqual(step)
    }),
  )
})
