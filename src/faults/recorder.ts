import type { FaultCode } from './catalogue.ts'
import type { Verdict } from './judge.ts'

/**
 * What one poll of a recorder means. Pure, and three-valued throughout: what was not read is
 * unknown, never a fault and never an end of one.
 */
export type RecorderReading = {
  /**
   * `answered`: it spoke its own protocol, or refused us. `none`: every probe failed. `unknown`:
   * not asked, or something answered that is not a recorder.
   */
  contact: 'answered' | 'none' | 'unknown'
  contactRaw?: string
  login: 'accepted' | 'refused' | 'unknown'
  loginRaw?: string
  channels: readonly ChannelReading[]
  disks: readonly DiskReading[]
}

export type ChannelReading = {
  part: string
  /** `empty`: a slot that was in use and is no longer configured; never a fault. */
  state: 'online' | 'offline' | 'unknown' | 'empty'
  /** The device's own reason (`chanDetectResult`, `NO VIDEO`). */
  raw?: string
}

export type DiskReading = {
  part: string
  /** `busy`: formatting or repairing. A full disk that overwrites is `ok`. */
  state: 'ok' | 'busy' | 'fault' | 'unknown'
  raw?: string
}

/** A disk may format or rebuild this long before somebody should look (own proposal). */
const longestBusyMs = 12 * 3_600_000

const verdict = (
  part: string,
  code: FaultCode,
  state: Verdict['state'],
  raw: string | undefined,
): Verdict => ({ part, code, state, ...(raw === undefined ? {} : { raw: raw.slice(0, 120) }) })

const channelStates = {
  online: 'ok',
  offline: 'fault',
  unknown: 'unknown',
  empty: 'ok',
} as const satisfies Record<ChannelReading['state'], Verdict['state']>

function judgeDisk({ part, state, raw }: DiskReading): Verdict {
  if (state !== 'busy') return verdict(part, 'disk-fault', state, raw)
  return { ...verdict(part, 'disk-fault', 'fault', raw), severity: 'medium', holdMs: longestBusyMs }
}

const contactStates = { answered: 'ok', none: 'fault', unknown: 'unknown' } as const
const loginStates = { accepted: 'ok', refused: 'fault', unknown: 'unknown' } as const

/**
 * One cause, one fault: while the recorder does not answer or refuses us, all of its channels and
 * disks are unknown.
 */
export function judgeRecorder(reading: RecorderReading): Verdict[] {
  const { contact, login } = reading
  const own = [
    verdict('', 'recorder-unreachable', contactStates[contact], reading.contactRaw),
    verdict('', 'credentials-rejected', loginStates[login], reading.loginRaw),
  ]
  const blind = contact !== 'answered' || login === 'refused'
  const channels = reading.channels.map(({ part, state, raw }) =>
    verdict(part, 'channel-offline', blind ? 'unknown' : channelStates[state], raw),
  )
  const disks = reading.disks.map((disk) =>
    blind ? verdict(disk.part, 'disk-fault', 'unknown', disk.raw) : judgeDisk(disk),
  )
  return [...own, ...channels, ...disks]
}
