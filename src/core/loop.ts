import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import { messageOf } from './problem.ts'

export type Loop = { wake: () => void; stop: () => Promise<void> }

/** Full jitter: a random wait in [half, whole] of a doubling step, at most `maxMs`. */
export const backoffMs = (failures: number, { minMs = 500, maxMs = 30_000 } = {}): number => {
  const stepMs = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 20))
  return stepMs / 2 + (Math.random() * stepMs) / 2
}

/**
 * Runs `turn` again and again until stopped. `turn` returns true when there may be more to do at
 * once; otherwise the loop waits `idleMs` or for `wake`. A throw is logged once per change of
 * state, counted, backed off with jitter; the loop never dies.
 */
export function createLoop(options: {
  name: string
  clock: Clock
  log: Log
  idleMs: number
  turn: (signal: AbortSignal) => Promise<boolean | undefined>
  onError?: (error: unknown) => void
}): Loop {
  const { name, clock, log, idleMs, turn } = options
  const stopping = new AbortController()
  let failures = 0
  let waiting: AbortController | undefined
  let woken = false

  const rest = async (ms: number) => {
    if (woken && failures === 0) return
    waiting = new AbortController()
    await clock.sleep(ms, AbortSignal.any([waiting.signal, stopping.signal]))
    waiting = undefined
  }
  const fail = (error: unknown) => {
    failures += 1
    options.onError?.(error)
    if (failures === 1) log.warn({ loop: name, err: error }, 'loop failed, trying again')
    else log.debug({ loop: name, failures, reason: messageOf(error) }, 'loop still fails')
  }
  const runOnce = async (): Promise<boolean> => {
    try {
      const more = (await turn(stopping.signal)) === true
      if (failures > 0) log.info({ loop: name, failures }, 'loop works again')
      failures = 0
      return more
    } catch (error) {
      if (!stopping.signal.aborted) fail(error)
      return false
    }
  }
  const run = async () => {
    while (!stopping.signal.aborted) {
      woken = false
      const more = await runOnce()
      if (stopping.signal.aborted) break
      if (failures > 0) await rest(backoffMs(failures))
      else if (!more) await rest(idleMs)
    }
  }
  const finished = run()
  return {
    wake: () => {
      woken = true
      if (failures === 0) waiting?.abort()
    },
    stop: async () => {
      stopping.abort()
      await finished
    },
  }
}
