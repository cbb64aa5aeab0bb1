import { type FaultCode, faults, type Severity } from './catalogue.ts'

/**
 * What a look at a device says about one fault of one part. `unknown` is not a fault and not its
 * end: it freezes what was known.
 */
export type Verdict = {
  part: string
  code: FaultCode
  state: 'fault' | 'ok' | 'unknown'
  /** What the device said, kept beside the mapped state. */
  raw?: string | number
  severity?: Severity
  /** Overrides the catalogue's hold. */
  holdMs?: number
}

type Track = {
  /** The fault is seen since, but not yet long enough. */
  pendingSince?: number
  /** The fault counts since. */
  since?: number
  /** The fault counts, and has been gone since. */
  clearSince?: number
  raw?: string | number
  severity?: Severity
}

/** One entry per `${part}|${code}` that is pending, active or clearing; plain JSON. */
export type JudgeMemory = Record<string, Track>

export type Judged = {
  memory: JudgeMemory
  active: {
    part: string
    code: FaultCode
    since: number
    severity: Severity
    raw?: string | number
  }[]
  unknown: { part: string; code: FaultCode }[]
  /** When a running hold ends: judge again then at the latest. */
  dueAt?: number
}

const keyOf = (verdict: Verdict): string => `${verdict.part}|${verdict.code}`

const detailsOf = (verdict: Verdict): Pick<Track, 'raw' | 'severity'> => ({
  ...(verdict.raw === undefined ? {} : { raw: verdict.raw }),
  ...(verdict.severity === undefined ? {} : { severity: verdict.severity }),
})

/** A clock that stepped back must not stretch a hold: no stored moment lies in the future. */
const notAfter = (at: number, now: number): number => Math.min(at, now)

function onFault(before: Track | undefined, verdict: Verdict, now: number): Track {
  const details = detailsOf(verdict)
  if (before?.since !== undefined) return { since: notAfter(before.since, now), ...details }
  const pendingSince = notAfter(before?.pendingSince ?? now, now)
  const holdMs = verdict.holdMs ?? faults[verdict.code].holdMs
  // The fault is dated by its first sight, not by the end of its hold.
  return now - pendingSince >= holdMs
    ? { since: pendingSince, ...details }
    : { pendingSince, ...details }
}

function onOk(before: Track | undefined, code: FaultCode, now: number): Track | undefined {
  if (before?.since === undefined) return undefined
  const clearSince = notAfter(before.clearSince ?? now, now)
  if (now - clearSince >= faults[code].clearMs) return undefined
  return { ...before, since: notAfter(before.since, now), clearSince }
}

/** Unknown stops a running hold or clear, so that neither is finished by silence. */
function onUnknown(before: Track | undefined): Track | undefined {
  if (before?.since === undefined) return undefined
  const { clearSince: _, ...kept } = before
  return kept
}

function step(before: Track | undefined, verdict: Verdict, now: number): Track | undefined {
  if (verdict.state === 'fault') return onFault(before, verdict, now)
  return verdict.state === 'ok' ? onOk(before, verdict.code, now) : onUnknown(before)
}

function dueOf(track: Track, verdict: Verdict): number | undefined {
  const { holdMs, clearMs } = faults[verdict.code]
  if (track.pendingSince !== undefined) return track.pendingSince + (verdict.holdMs ?? holdMs)
  return track.clearSince === undefined ? undefined : track.clearSince + clearMs
}

/**
 * Applies hold and clear times. Pure; `now` and all times are epoch ms of the one who judges.
 * A key without a verdict this time is treated as unknown: what is not judged is not resolved.
 */
export function judge(before: JudgeMemory, verdicts: readonly Verdict[], now: number): Judged {
  const memory: JudgeMemory = {}
  const judged: Judged = { memory, active: [], unknown: [] }
  const seen = new Set<string>()

  const keep = (verdict: Verdict, track: Track | undefined) => {
    if (!track) return
    memory[keyOf(verdict)] = track
    const due = dueOf(track, verdict)
    if (due !== undefined) judged.dueAt = Math.min(judged.dueAt ?? due, due)
    if (track.since === undefined) return
    const { part, code } = verdict
    judged.active.push({
      part,
      code,
      since: track.since,
      severity: track.severity ?? faults[code].severity,
      ...(track.raw === undefined ? {} : { raw: track.raw }),
    })
  }
  const take = (verdict: Verdict) => {
    const key = keyOf(verdict)
    if (seen.has(key)) return
    seen.add(key)
    keep(verdict, step(before[key], verdict, now))
    if (verdict.state === 'unknown') judged.unknown.push({ part: verdict.part, code: verdict.code })
  }

  for (const verdict of verdicts) take(verdict)
  for (const key of Object.keys(before)) {
    if (seen.has(key)) continue
    const bar = key.lastIndexOf('|')
    take({ part: key.slice(0, bar), code: key.slice(bar + 1) as FaultCode, state: 'unknown' })
  }
  return judged
}
