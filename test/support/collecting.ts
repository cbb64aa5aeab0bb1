import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Collected, Collector, CollectorDeps } from '../../agents/runtime/collector.ts'
import { Sample } from '../../src/contract/wire/messages.ts'
import { createManualClock, type ManualClock, minutes } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { type Judged, type JudgeMemory, judge } from '../../src/faults/judge.ts'

/** 20 November 2026, 10:00 in Vietnam. */
export const morning = Date.UTC(2026, 10, 20, 3)

export const tempFolder = () => {
  const path = mkdtempSync(join(tmpdir(), 'ansang-collect-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export function collectorDeps(options: { clock: ManualClock; dataDir: string }) {
  const deps: CollectorDeps & { trust: ReturnType<CollectorDeps['clockTrust']>; asked: number } = {
    ...options,
    log: silentLog,
    trust: 'trusted',
    asked: 0,
    clockTrust: () => deps.trust,
    pollSoon: () => {
      deps.asked += 1
    },
  }
  return deps
}

export type Polled = Collected & {
  /** `part|code`, after holds. */
  active: string[]
  unknown: string[]
  /** `part|code state`, before holds. */
  said: string[]
  judged: Judged
}

/**
 * Polls a collector as its agent does: judged with holds, one memory. Every sample is held against
 * the wire's schema.
 */
export function createPoller(collector: () => Collector, clock: ManualClock) {
  let memory: JudgeMemory = {}

  const take = (collected: Collected): Polled => {
    Sample.parse(collected.sample)
    const judged = judge(memory, collected.verdicts, collected.at)
    memory = judged.memory
    const name = ({ part, code }: { part: string; code: string }) => `${part}|${code}`
    return {
      ...collected,
      judged,
      active: judged.active.map(name),
      unknown: judged.unknown.map(name),
      said: collected.verdicts.map((one) => `${name(one)} ${one.state}`),
    }
  }
  const poll = async () => take(await collector().collect(new AbortController().signal))
  return {
    poll,
    /** A poll of a device that stalls: time passes while it is asked. */
    pollStalling: async () => {
      const state = { done: false }
      const polled = poll().finally(() => {
        state.done = true
      })
      while (!state.done) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        clock.advance(500)
      }
      return polled
    },
    /** Polls each `everyMs` for `forMs`; the last poll. */
    pollFor: async (forMs: number, everyMs = minutes(1)) => {
      let last = await poll()
      for (let at = everyMs; at <= forMs; at += everyMs) {
        clock.advance(everyMs)
        last = await poll()
      }
      return last
    },
  }
}

export const startClock = (): ManualClock => createManualClock(morning)
