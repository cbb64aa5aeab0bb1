import { minutes, seconds } from '../core/clock.ts'
import { isWorse, type Severity } from '../faults/catalogue.ts'

/** What may be told about an alert. */
export type NoticeKind = 'opened' | 'raised' | 'resolved'

/** Events that are worth a message, and what kind of message. */
export const noticeOf: Record<string, NoticeKind> = {
  'alert.opened': 'opened',
  'alert.reopened': 'opened',
  'alert.detached': 'opened',
  'alert.severity': 'raised',
  'alert.resolved': 'resolved',
}

/**
 * Messages wait this long for a cause to show itself, so that one power cut is one message
 * (Alertmanager's group_wait).
 */
const groupWaitMs = seconds(30)

/**
 * A consequence that lost its cause is often on its way to ending too: its own clear time runs
 * longer than its cause's. It gets that time before anybody is told.
 */
const lonelyWaitMs = minutes(5)

/** How long the message of an event waits before it is asked whether it is still true. */
export const waitMsOf = (eventKind: string): number =>
  eventKind === 'alert.detached' ? lonelyWaitMs : groupWaitMs

export const attemptsAtMost = 8

/** Waits between tries: 30 s, 1, 2, 4 … at most 30 minutes. */
export const retryAfterMs = (attempts: number): number =>
  Math.min(minutes(30), seconds(30) * 2 ** Math.max(0, attempts - 1))

export type AlertNow = {
  state: string
  severity: Severity
  causeId: string | null
  late: boolean
}

/** The last message about this alert that the target was sent. */
export type Told = { kind: NoticeKind; sentAt: number }

/** Does the target want to hear of this alert at all? */
export const isWanted = (severity: Severity, minSeverity: Severity): boolean =>
  severity === minSeverity || isWorse(severity, minSeverity)

/**
 * Is a message that waited still true, wanted and new? Pure. Never for the past: an opening that
 * has ended meanwhile is not told, and so neither is its end. Never for a consequence. `createdAt`
 * is when it happened: a message that was composed since then has said it already.
 */
export function isStillTrue(
  notice: { kind: NoticeKind; createdAt: number },
  alert: AlertNow,
  told: Told | undefined,
): boolean {
  if (alert.late) return false
  const knowsOfIt = told !== undefined && told.kind !== 'resolved'
  if (notice.kind === 'resolved') return alert.state === 'resolved' && knowsOfIt
  if (alert.state === 'resolved' || alert.causeId !== null) return false
  if (notice.kind === 'opened') return !knowsOfIt
  return !knowsOfIt || told.sentAt < notice.createdAt
}
