import type { Clock, Timer } from '../core/clock.ts'

export type LeapClock = Clock & {
  /** Moves to a later wall time; what was due on the way runs once, at the arrival. */
  leapTo: (wallAt: number) => void
}

type Armed = { at: number; task: () => void; periodMs?: number }

/**
 * A clock that leaps: whoever looks in each second looks once after an hour's leap, not 3600 times.
 * So a running hub lives a month in seconds; what must be timed well inside a leap carries its own
 * times.
 */
export function createLeapClock(startAt: number): LeapClock {
  let monotonic = 0
  const armed = new Set<Armed>()
  const add = (delayMs: number, one: Omit<Armed, 'at'>): Timer => {
    const entry = { ...one, at: monotonic + Math.max(0, delayMs) }
    armed.add(entry)
    return { cancel: () => armed.delete(entry) }
  }
  const run = (entry: Armed) => {
    if (!armed.has(entry)) return
    if (entry.periodMs === undefined) armed.delete(entry)
    else entry.at = monotonic + entry.periodMs
    entry.task()
  }
  const after: Clock['after'] = (delayMs, task) => add(delayMs, { task })
  return {
    now: () => Math.floor(startAt + monotonic),
    monotonic: () => monotonic,
    after,
    every: (periodMs, task) => add(periodMs, { task, periodMs }),
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const finish = () => {
          timer.cancel()
          signal?.removeEventListener('abort', finish)
          resolve()
        }
        const timer = after(delayMs, finish)
        signal?.addEventListener('abort', finish, { once: true })
      }),
    leapTo: (wallAt) => {
      monotonic = Math.max(monotonic, wallAt - startAt)
      const due = [...armed].filter(({ at }) => at <= monotonic).sort((a, b) => a.at - b.at)
      for (const entry of due) run(entry)
    },
  }
}
