import type { Clock } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import { messageOf } from '../../src/core/problem.ts'
import type { Collected, Collector } from './collector.ts'

/** Polls one unit, one poll at a time, on a schedule of its own. */
export type Poller = { pollSoon: () => void; stop: () => Promise<void> }

/** A poll may take this share of its period, at least `shortestMs`. */
const timeoutShare = 0.9
const shortestMs = 5_000
/** How many periods a collector that ignores its signal may hold its device for itself. */
const patiencePeriods = 5

export const pollTimeoutMs = (everyMs: number): number =>
  Math.max(shortestMs, Math.round(everyMs * timeoutShare))

/** ±5 %, so that the polls of a fleet that started together drift apart. */
export const jittered = (everyMs: number, random: number): number =>
  Math.round(everyMs * (0.95 + random * 0.1))

export type PollerOptions = {
  collector: Collector
  clock: Clock
  log: Log
  random: () => number
  onCollected: (collected: Collected) => void
  /** A poll that gave nothing at all: it threw or was overdue. */
  onNothing: () => void
}

/** Rejects with the signal's reason as soon as it aborts. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const fail = () => reject(signal.reason as Error)
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })

/** One poll with a deadline; an answer that comes later is dropped. */
function createPoll({ collector, clock }: PollerOptions) {
  let pending: Promise<void> | undefined
  let skipped = 0
  return async (controller: AbortController): Promise<Collected> => {
    if (pending && skipped < patiencePeriods) {
      skipped += 1
      throw new Error('the poll before this one has not ended')
    }
    skipped = 0
    const { signal } = controller
    const timeoutMs = pollTimeoutMs(collector.everyMs)
    const overdue = () => controller.abort(new Error(`no answer within ${timeoutMs} ms`))
    const timer = clock.after(timeoutMs, overdue)
    const answer = collector.collect(signal)
    const ended: Promise<void> = answer.then(
      () => {},
      () => {},
    )
    pending = ended
    void ended.then(() => {
      if (pending === ended) pending = undefined
    })
    try {
      return await Promise.race([answer, aborted(signal)])
    } finally {
      timer.cancel()
    }
  }
}

/** Starts polling at once; each next poll is a jittered period after the start of the last. */
export function startPoller(options: PollerOptions): Poller {
  const { collector, clock, log, random } = options
  const { unit, everyMs } = collector
  const poll = createPoll(options)
  const stopping = new AbortController()
  let polling: AbortController | undefined
  let nap: AbortController | undefined
  let asked = false
  let silent = false

  const turn = async () => {
    polling = new AbortController()
    try {
      const collected = await poll(polling)
      if (stopping.signal.aborted) return
      if (silent) log.info({ unit }, 'unit can be polled again')
      silent = false
      options.onCollected(collected)
    } catch (error) {
      if (stopping.signal.aborted) return
      if (!silent) log.warn({ unit, reason: messageOf(error) }, 'poll gave nothing')
      silent = true
      options.onNothing()
    }
  }
  const run = async () => {
    while (!stopping.signal.aborted) {
      const dueAt = clock.monotonic() + jittered(everyMs, random())
      asked = false
      await turn()
      if (asked || stopping.signal.aborted) continue
      nap = new AbortController()
      await clock.sleep(Math.max(0, dueAt - clock.monotonic()), nap.signal)
      nap = undefined
    }
  }
  const finished = run()
  return {
    pollSoon: () => {
      asked = true
      nap?.abort()
    },
    stop: async () => {
      stopping.abort()
      polling?.abort(new Error('the agent stops'))
      nap?.abort()
      await finished
    },
  }
}
