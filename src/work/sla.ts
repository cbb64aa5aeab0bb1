import { addWorkingTime, type Calendar, type Interval, union, workingTime } from './calendar.ts'

/**
 * The two SLA clocks of an alert, as a pure function of what happened, the calendar and now. Times
 * are epoch ms. The response clock runs from the opening to the first acknowledgement (or the
 * end); the resolution clock runs while the alert is open: reopening resumes the same clock, and
 * the time it was resolved does not count. A clock that ends exactly when it is due is met.
 */
export type AlertEvent = { at: number; what: 'opened' | 'acknowledged' | 'resolved' | 'reopened' }

export type Target = { responseMs: number; resolutionMs: number }

export type ClockState = {
  state: 'running' | 'met' | 'breached'
  /** Working time used up to its end or now. */
  usedMs: number
  /** When it is (or would be) used up, as things stand; Infinity = never. */
  dueAt: number
  doneAt: number | null
}

type Question = {
  events: readonly AlertEvent[]
  target: Target
  calendar: Calendar
  now: number
  /** Spans with an allowed reason (no mains, our own outage) that count for neither clock. */
  pauses?: readonly Interval[]
}

const endOfTime = Number.MAX_SAFE_INTEGER

/** When the alert was open: [opened, resolved), [reopened, resolved), … the last may still run. */
function openSpans(events: readonly AlertEvent[]): Interval[] {
  const spans: Interval[] = []
  for (const { at, what } of events.toSorted((a, b) => a.at - b.at)) {
    const last = spans.at(-1)
    const isOpen = last !== undefined && last.to === endOfTime
    if ((what === 'opened' || what === 'reopened') && !isOpen)
      spans.push({ from: at, to: endOfTime })
    if (what === 'resolved' && isOpen) last.to = at
  }
  return spans
}

/** What is left of `spans` outside `pauses`. */
function without(spans: readonly Interval[], pauses: readonly Interval[]): Interval[] {
  return union(pauses).reduce<Interval[]>(
    (left, pause) =>
      left
        .flatMap((span) => [
          { from: span.from, to: Math.min(span.to, pause.from) },
          { from: Math.max(span.from, pause.to), to: span.to },
        ])
        .filter((span) => span.to > span.from),
    spans.map((span) => ({ ...span })),
  )
}

const cut = (spans: readonly Interval[], to: number): Interval[] =>
  spans.map((span) => ({ from: span.from, to: Math.min(span.to, to) })).filter((s) => s.to > s.from)

function usedBy(calendar: Calendar, spans: readonly Interval[]): number {
  const worked = spans.flatMap((span) => workingTime(calendar, span))
  return worked.reduce((sum, one) => sum + one.to - one.from, 0)
}

/** Where the target is used up, walking through the spans in which the clock runs. */
function dueOf(calendar: Calendar, spans: readonly Interval[], targetMs: number): number {
  let left = targetMs
  for (const span of spans) {
    const due = addWorkingTime(calendar, span.from, left)
    if (due <= span.to) return due
    if (span.to === endOfTime) break
    left -= usedBy(calendar, [span])
  }
  return Number.POSITIVE_INFINITY
}

/** A closed clock that was not used up would be due so much after its end, if it ran on. */
function dueAfterEnd(calendar: Calendar, spans: readonly Interval[], targetMs: number): number {
  const last = spans.at(-1)
  if (!last) return Number.POSITIVE_INFINITY
  return dueOf(calendar, [...spans.slice(0, -1), { from: last.from, to: endOfTime }], targetMs)
}

function clock(
  question: Question,
  run: { spans: Interval[]; doneAt: number | null; targetMs: number },
): ClockState {
  const { calendar, now } = question
  const { doneAt, targetMs } = run
  const counted = without(run.spans, question.pauses ?? [])
  const usedMs = usedBy(calendar, cut(counted, Math.max(now, doneAt ?? 0)))
  const dueAt = dueAfterEnd(calendar, counted, targetMs)
  if (usedMs > targetMs) return { state: 'breached', usedMs, dueAt, doneAt }
  return { state: doneAt === null ? 'running' : 'met', usedMs, dueAt, doneAt }
}

/** Both clocks at `now`; undefined when the alert was never opened. */
export function slaClocks(
  question: Question,
): { response: ClockState; resolution: ClockState } | undefined {
  const events = question.events.toSorted((a, b) => a.at - b.at)
  const known = events.filter((event) => event.at <= question.now)
  const spans = openSpans(known)
  const first = spans[0]
  const last = spans.at(-1)
  if (!first || !last) return undefined
  const answer = known.find((event) => event.what === 'acknowledged')?.at
  const ends = [answer, first.to === endOfTime ? undefined : first.to].filter(
    (at) => at !== undefined,
  )
  const answeredAt = ends.length > 0 ? Math.min(...ends) : null
  const responseSpan = { from: first.from, to: answeredAt ?? endOfTime }
  return {
    response: clock(question, {
      spans: [responseSpan],
      doneAt: answeredAt,
      targetMs: question.target.responseMs,
    }),
    resolution: clock(question, {
      spans,
      doneAt: last.to === endOfTime ? null : last.to,
      targetMs: question.target.resolutionMs,
    }),
  }
}
