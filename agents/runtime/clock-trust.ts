import type { ClockTrust } from '../../src/contract/wire/common.ts'
import { days, hours, seconds } from '../../src/core/clock.ts'

/**
 * What the agent believes about the time: one anchor on the monotonic clock, and why. The wall
 * clock of the machine is only one source among others; it may start in 1970, at the shutdown time
 * (fake-hwclock) or right.
 */
export type Belief = {
  trust: ClockTrust
  /** Believed wall time (epoch ms) at monotonic time `mono`. */
  wall: number
  mono: number
  source: 'machine' | 'rtc' | 'ntp' | 'hub'
  /** Monotonic time of the last confirmation by RTC at boot, NTP or hub. */
  confirmedMono?: number
}

/** The belief as it was last written down, with the boot its monotonic time belongs to. */
export type KeptBelief = Belief & { boot: string }

/** What the machine says about its clock at one moment. */
export type MachineTime = { wall: number; mono: number; ntpSynced: boolean; rtc: boolean }

/** No record can be older than the program that wrote it. */
export const buildAt = Date.UTC(2026, 0, 1)

const freeRunMs = days(7)
const backwardsMs = hours(1)
const disagreementMs = seconds(0.5)
const uselessRttMs = seconds(10)

export const believedAt = (belief: Belief, mono: number): number =>
  Math.round(belief.wall + (mono - belief.mono))

/** By how much wall times of `before` must be moved to agree with `after`. */
export const stepBetween = (before: Belief, after: Belief): number =>
  Math.round(after.wall - after.mono - (before.wall - before.mono))

const machine = (time: MachineTime, trust: ClockTrust, source: Belief['source']): Belief => ({
  trust,
  source,
  wall: time.wall,
  mono: time.mono,
  ...(trust === 'trusted' ? { confirmedMono: time.mono } : {}),
})

const lowest = (kept: Belief | undefined): number =>
  kept && kept.trust !== 'untrusted' ? Math.max(buildAt, kept.wall) : buildAt

/**
 * The belief at the start of a process. The same boot as the kept one goes on from there. Else NTP
 * is believed, an RTC only if it did not fall behind the last kept time, and a clock without either
 * never: it may have stood still while the power was out.
 */
export function atStart(time: MachineTime, boot: string, kept?: KeptBelief): Belief {
  const floor = lowest(kept)
  if (time.ntpSynced && time.wall >= buildAt) return machine(time, 'trusted', 'ntp')
  if (kept && kept.boot === boot && kept.mono <= time.mono) {
    const { boot: _, ...belief } = kept
    return aged(belief, time.mono)
  }
  if (time.rtc && time.wall >= floor) return machine(time, 'trusted', 'rtc')
  if (time.rtc && time.wall >= floor - backwardsMs) return machine(time, 'holdover', 'rtc')
  return machine({ ...time, wall: Math.max(time.wall, floor) }, 'untrusted', 'machine')
}

/** Seven days without confirmation make a trusted clock one in holdover. */
export function aged(belief: Belief, mono: number): Belief {
  if (belief.trust !== 'trusted') return belief
  const confirmed = belief.confirmedMono ?? belief.mono
  return mono - confirmed > freeRunMs ? { ...belief, trust: 'holdover' } : belief
}

/**
 * A look at the machine's clock. NTP is always followed. An RTC machine is followed too (it may
 * have slept), except more than an hour backwards. A step without NTP on any other is not believed.
 */
export function onMachine(before: Belief, time: MachineTime): Belief {
  if (time.ntpSynced && time.wall >= buildAt) return machine(time, 'trusted', 'ntp')
  const belief = aged(before, time.mono)
  if (belief.source !== 'rtc') return belief
  if (time.wall < believedAt(belief, time.mono) - backwardsMs) {
    return { ...belief, trust: 'untrusted', source: 'machine' }
  }
  return { ...belief, wall: time.wall, mono: time.mono }
}

/**
 * The hub's `time` message, late by half a round trip. A machine that NTP keeps does not need it; a
 * small disagreement only confirms; a hub that is not sure itself helps only who knows nothing.
 */
export function onHubTime(
  before: Belief,
  message: { at: number; trust: ClockTrust; rttMs: number; mono: number },
): Belief {
  const { at, trust, rttMs, mono } = message
  if (trust === 'untrusted' || at < buildAt) return before
  if (before.source === 'ntp' && before.trust === 'trusted') return before
  const helpless = before.trust === 'untrusted'
  if (!helpless && (trust === 'holdover' || rttMs > uselessRttMs)) return before
  const wall = Math.round(at + rttMs / 2)
  const apart = Math.abs(wall - believedAt(before, mono))
  const confirmed = trust === 'trusted' ? { confirmedMono: mono } : {}
  if (!helpless && apart <= Math.max(disagreementMs, rttMs)) {
    return { ...before, trust, ...confirmed }
  }
  return { trust, source: 'hub', wall, mono, ...confirmed }
}
