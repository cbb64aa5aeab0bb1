import { type Clock, seconds, type Timer } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import { messageOf } from '../../src/core/problem.ts'
import type { Collector } from './collector.ts'
import { type Poller, startPoller } from './poller.ts'
import type { Reporting } from './reporting.ts'
import type { Timekeeper } from './timekeeper.ts'

/** The units at work: each with its own engine and its own schedule. */
export type Units = {
  pollSoon: (unit: string) => void
  stop: () => Promise<void>
}

const soonestMs = seconds(1)

async function begin(collector: Collector, log: Log): Promise<void> {
  try {
    await collector.start?.()
  } catch (error) {
    // One unit that cannot begin must not keep the others from it; its polls will say what is wrong.
    log.error({ unit: collector.unit, err: error }, 'unit could not start')
  }
}

export async function startUnits(options: {
  collectors: readonly Collector[]
  reporting: Reporting
  time: Timekeeper
  clock: Clock
  log: Log
  random: () => number
}): Promise<Units> {
  const { collectors, reporting, time, clock, log, random } = options
  const pollers = new Map<string, Poller>()
  const looks = new Map<string, Timer>()

  /** A hold that ends between two polls is worth a poll of its own. */
  const lookAgain = ({ unit, everyMs }: Collector) => {
    looks.get(unit)?.cancel()
    const dueAt = reporting.dueAt(unit)
    const waitMs = dueAt === undefined ? everyMs : dueAt - time.clock.now()
    if (waitMs >= everyMs) return
    looks.set(
      unit,
      clock.after(Math.max(soonestMs, waitMs), () => pollers.get(unit)?.pollSoon()),
    )
  }
  const poll = (collector: Collector) =>
    startPoller({
      collector,
      clock,
      log,
      random,
      onCollected: (collected) => {
        reporting.take(collector.unit, collected)
        lookAgain(collector)
      },
      onNothing: reporting.miss,
    })
  await Promise.all(collectors.map((one) => begin(one, log)))
  for (const one of collectors) pollers.set(one.unit, poll(one))
  return {
    pollSoon: (unit) => pollers.get(unit)?.pollSoon(),
    stop: async () => {
      for (const timer of looks.values()) timer.cancel()
      await Promise.all([...pollers.values()].map((one) => one.stop()))
      const closing = collectors.map((one) => one.close?.())
      for (const end of await Promise.allSettled(closing)) {
        if (end.status === 'rejected') {
          log.warn({ reason: messageOf(end.reason) }, 'unit did not close cleanly')
        }
      }
    },
  }
}
