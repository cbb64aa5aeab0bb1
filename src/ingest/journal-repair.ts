import type { Clock, Timer } from '../core/clock.ts'

/** Tries to bring something back, every `retryMs` until it worked, never twice at a time. */
export type Repair = {
  /** A try after `retryMs`. */
  later: () => void
  now: () => Promise<void>
  /** No more tries; resolves when the one under way has ended. */
  stop: () => Promise<void>
}

/** `attempt` resolves to whether it worked; it must not reject. */
export function createRepair(options: {
  clock: Clock
  retryMs: number
  attempt: () => Promise<boolean>
}): Repair {
  const { clock, retryMs, attempt } = options
  let timer: Timer | undefined
  let running: Promise<void> | undefined
  let stopped = false

  const later = () => {
    timer?.cancel()
    timer = stopped ? undefined : clock.after(retryMs, () => void now())
  }
  const run = async () => {
    timer?.cancel()
    const worked = await attempt()
    running = undefined
    if (!worked) later()
  }
  const now = (): Promise<void> => {
    if (stopped) return Promise.resolve()
    running ??= run()
    return running
  }
  return {
    later,
    now,
    stop: async () => {
      stopped = true
      timer?.cancel()
      await running
    },
  }
}
