import type { z } from 'zod'
import type { ClockTrust } from '../../src/contract/wire/common.ts'
import type { Time } from '../../src/contract/wire/messages.ts'
import { type Clock, minutes, seconds } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import { createLoop, type Loop } from '../../src/core/loop.ts'
import type { Boot } from './boot.ts'
import {
  atStart,
  type Belief,
  believedAt,
  buildAt,
  type KeptBelief,
  onHubTime,
  onMachine,
  stepBetween,
} from './clock-trust.ts'
import type { Stamp } from './rebase.ts'
import type { AgentState } from './state.ts'
import type { TimeSource } from './time-source.ts'

/** A correction of the believed time: what was stamped since `since` moves by `byMs`. */
export type Correction = { byMs: number; since: number; learned: boolean }

/** The agent's own idea of the time; every wall time in the agent comes from here. */
export type Timekeeper = {
  /** The handed clock with the believed wall time. */
  clock: Clock
  trust: () => ClockTrust
  belief: () => Belief & { boot: string }
  stamp: () => Stamp
  /** Between which times the earlier boots lie that never knew the time. */
  earlierBoots: () => { after: number; before: number }
  onHub: (message: z.infer<typeof Time>, rttMs: number) => void
  stop: () => Promise<void>
}

const lookEveryMs = seconds(10)
const keepEveryMs = minutes(10)
const noticedMs = seconds(1)

/** Starts from what the machine, its RTC and the last kept time say; then looks every 10 s. */
export async function startTimekeeper(options: {
  clock: Clock
  log: Log
  boot: Boot
  state: AgentState
  source: TimeSource
  onCorrected: (correction: Correction) => void
}): Promise<Timekeeper> {
  const { clock, log, boot, state, source } = options
  const machineTime = async () => {
    const { ntpSynced, rtc } = await source()
    return { wall: clock.now(), mono: boot.mono(), ntpSynced, rtc }
  }
  const kept = state.get<KeptBelief>('time')
  let belief = atStart(await machineTime(), boot.id, kept)
  let keptAtMono = boot.mono()

  const keep = () => {
    keptAtMono = boot.mono()
    if (belief.trust === 'untrusted') return
    const wall = believedAt(belief, keptAtMono)
    state.set('time', { ...belief, wall, mono: keptAtMono, boot: boot.id } satisfies KeptBelief)
  }
  const adopt = (next: Belief) => {
    const before = belief
    belief = next
    const learned = before.trust === 'untrusted' && next.trust !== 'untrusted'
    const byMs = stepBetween(before, next)
    if (before.trust !== next.trust) {
      log.info({ trust: next.trust, source: next.source, byMs }, 'trust in the clock changed')
    }
    if (learned) keep()
    if (!learned && Math.abs(byMs) < noticedMs) return
    options.onCorrected({ byMs, since: believedAt(before, 0), learned })
  }
  let looks = 0
  const loop: Loop = createLoop({
    name: 'timekeeper',
    clock,
    log,
    idleMs: lookEveryMs,
    turn: async () => {
      looks += 1
      // The start itself was the first look.
      if (looks === 1) return false
      adopt(onMachine(belief, await machineTime()))
      if (boot.mono() - keptAtMono >= keepEveryMs) keep()
      return false
    },
  })
  keep()
  const now = () => believedAt(belief, boot.mono())
  return {
    clock: { ...clock, now },
    trust: () => belief.trust,
    belief: () => ({ ...belief, boot: boot.id }),
    stamp: () => ({ boot: boot.id, mono: Math.round(boot.mono()), at: now(), trust: belief.trust }),
    earlierBoots: () => ({ after: kept?.wall ?? buildAt, before: believedAt(belief, 0) }),
    onHub: (message, rttMs) => {
      const { trust } = message
      adopt(onHubTime(belief, { at: Date.parse(message.at), trust, rttMs, mono: boot.mono() }))
    },
    stop: async () => {
      await loop.stop()
      keep()
    },
  }
}
