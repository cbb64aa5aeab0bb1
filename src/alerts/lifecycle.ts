import type { AlertState } from '../contract/api/operations.ts'
import { minutes } from '../core/clock.ts'
import { isWorse, type Severity } from '../faults/catalogue.ts'

/** What lifecycle decides about; times are epoch ms. */
export type AlertFacts = {
  state: AlertState
  severity: Severity
  active: boolean
  resolvedAt: number | null
}

/** A fault that returns so soon is the same one: reopened, its clocks run on. */
export const reopenWithinMs = minutes(30)

export type Seen =
  | { do: 'open' }
  | { do: 'reopen'; severity: Severity }
  | { do: 'raise'; severity: Severity }
  | { do: 'keep' }

/**
 * The judge sees the fault. Pure. `open` is the alert of this key that is not resolved, `last` the
 * newest resolved one. While open, severity only rises, and what is reopened is not less severe
 * than it was.
 */
export function onSeen(
  open: AlertFacts | undefined,
  last: AlertFacts | undefined,
  seen: { severity: Severity; now: number },
): Seen {
  if (open) {
    return isWorse(seen.severity, open.severity)
      ? { do: 'raise', severity: seen.severity }
      : { do: 'keep' }
  }
  if (last?.resolvedAt == null || seen.now - last.resolvedAt > reopenWithinMs) return { do: 'open' }
  const severity = isWorse(seen.severity, last.severity) ? seen.severity : last.severity
  return { do: 'reopen', severity }
}

export type Refusal = { refused: string }

/** A person takes the alert on. Doing it twice changes nothing. */
export function onAcknowledge(alert: AlertFacts): { state: AlertState } | Refusal {
  if (alert.state === 'resolved') return { refused: 'it is resolved already' }
  return { state: 'acknowledged' }
}

/** A person closes the alert: only what the judge does not see any more, or cannot judge. */
export function onResolveByHand(alert: AlertFacts): { state: AlertState } | Refusal {
  if (alert.state === 'resolved') return { refused: 'it is resolved already' }
  if (alert.active)
    return { refused: 'the fault is still seen; it resolves itself when it is gone' }
  return { state: 'resolved' }
}
