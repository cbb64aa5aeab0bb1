/**
 * Time as a dependency. Every timer of hub and agents hangs on a Clock, so that a month can be
 * lived in seconds. Nothing else in the project may call Date.now or setTimeout for domain time.
 */
export type Timer = { cancel: () => void }

export type Clock = {
  /** Wall time, epoch milliseconds. */
  now: () => number
  /** Milliseconds since an arbitrary start; never steps back. */
  monotonic: () => number
  /** Runs `task` once after `delayMs`; any delay is allowed, also beyond 2^31 ms. */
  after: (delayMs: number, task: () => void) => Timer
  /** Runs `task` each `periodMs`, first after one period. */
  every: (periodMs: number, task: () => void) => Timer
  /** Resolves after `delayMs`, or at once (without throwing) when the signal aborts. */
  sleep: (delayMs: number, signal?: AbortSignal) => Promise<void>
}

export const seconds = (n: number): number => n * 1000
export const minutes = (n: number): number => n * 60_000
export const hours = (n: number): number => n * 3_600_000
export const days = (n: number): number => n * 86_400_000

const longestTimeoutMs = 2 ** 31 - 1

const sleepOn =
  (after: Clock['after']): Clock['sleep'] =>
  (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const finish = () => {
        timer.cancel()
        signal?.removeEventListener('abort', finish)
        resolve()
      }
      const timer = after(delayMs, finish)
      signal?.addEventListener('abort', finish, { once: true })
    })

function systemAfter(delayMs: number, task: () => void): Timer {
  const state: { handle?: NodeJS.Timeout } = {}
  const arm = (leftMs: number) => {
    const partMs = Math.min(Math.max(leftMs, 0), longestTimeoutMs)
    state.handle = setTimeout(() => (leftMs > partMs ? arm(leftMs - partMs) : task()), partMs)
  }
  arm(delayMs)
  return { cancel: () => clearTimeout(state.handle) }
}

/** For periods that are too long for an interval of Node, which would run them without pause. */
function systemEvery(periodMs: number, task: () => void): Timer {
  const state: { timer?: Timer } = {}
  const arm = () => {
    state.timer = systemAfter(periodMs, () => {
      arm()
      task()
    })
  }
  arm()
  return { cancel: () => state.timer?.cancel() }
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: systemAfter,
  every: (periodMs, task) => {
    if (periodMs > longestTimeoutMs) return systemEvery(periodMs, task)
    const handle = setInterval(task, periodMs)
    return { cancel: () => clearInterval(handle) }
  },
  sleep: sleepOn(systemAfter),
}

export type ManualClock = Clock & {
  /** Moves wall and monotonic time forward, running due timers in order; awaits nothing. */
  advance: (byMs: number) => void
  /** As `advance`, but lets promises and I/O run after each due timer. */
  live: (byMs: number) => Promise<void>
  /** Steps the wall clock only, as NTP or a dead battery does. */
  step: (byMs: number) => void
}

type Due = { at: number; order: number; task: () => void; periodMs?: number }

/** A clock that moves only when told to; for tests and for living a month in seconds. */
export function createManualClock(startAt: number): ManualClock {
  let monotonic = 0
  let wallOffset = startAt
  let order = 0
  const due = new Set<Due>()

  const add = (entry: Omit<Due, 'order'>): Timer => {
    const full = { ...entry, order: order++ }
    due.add(full)
    return { cancel: () => due.delete(full) }
  }
  const earliest = (limit: number): Due | undefined => {
    let best: Due | undefined
    for (const one of due) {
      if (one.at > limit) continue
      if (!best || one.at < best.at || (one.at === best.at && one.order < best.order)) best = one
    }
    return best
  }
  const runNext = (limit: number): boolean => {
    const next = earliest(limit)
    if (!next) return false
    monotonic = Math.max(monotonic, next.at)
    if (next.periodMs) next.at += next.periodMs
    else due.delete(next)
    next.task()
    return true
  }
  const after: Clock['after'] = (delayMs, task) =>
    add({ at: monotonic + Math.max(0, delayMs), task })

  return {
    now: () => Math.floor(wallOffset + monotonic),
    monotonic: () => monotonic,
    after,
    every: (periodMs, task) => add({ at: monotonic + periodMs, periodMs, task }),
    sleep: sleepOn(after),
    advance: (byMs) => {
      const limit = monotonic + byMs
      while (runNext(limit));
      monotonic = limit
    },
    live: async (byMs) => {
      const limit = monotonic + byMs
      while (runNext(limit)) await new Promise((resolve) => setImmediate(resolve))
      monotonic = limit
      await new Promise((resolve) => setImmediate(resolve))
    },
    step: (byMs) => {
      wallOffset += byMs
    },
  }
}

/**
 * A clock that follows another one and can be exchanged while timers are armed: what is left of
 * each timer is re-armed on the new clock. The demo lives a month on a manual clock and then hands
 * the same running hub over to the system clock.
 */
export function createSwitchableClock(first: Clock): Clock & { switchTo: (next: Clock) => void } {
  type Armed = { at: number; task: () => void; periodMs?: number; timer: Timer }
  let current = first
  let base = 0
  let origin = first.monotonic()
  const armed = new Set<Armed>()
  const monotonic = () => base + (current.monotonic() - origin)
  const arm = (entry: Armed) => {
    entry.timer = current.after(Math.max(0, entry.at - monotonic()), () => {
      if (entry.periodMs) {
        entry.at = Math.max(entry.at + entry.periodMs, monotonic())
        arm(entry)
      } else armed.delete(entry)
      entry.task()
    })
  }
  const add = (delayMs: number, task: () => void, periodMs?: number): Timer => {
    const entry: Armed = {
      at: monotonic() + delayMs,
      task,
      timer: { cancel: () => {} },
      ...(periodMs ? { periodMs } : {}),
    }
    armed.add(entry)
    arm(entry)
    return {
      cancel: () => {
        entry.timer.cancel()
        armed.delete(entry)
      },
    }
  }
  const after: Clock['after'] = (delayMs, task) => add(Math.max(0, delayMs), task)
  return {
    now: () => current.now(),
    monotonic,
    after,
    every: (periodMs, task) => add(periodMs, task, periodMs),
    sleep: sleepOn(after),
    switchTo: (next) => {
      base = monotonic()
      for (const entry of armed) entry.timer.cancel()
      current = next
      origin = next.monotonic()
      for (const entry of armed) arm(entry)
    },
  }
}
