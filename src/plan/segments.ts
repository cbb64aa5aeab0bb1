import type { Program, Segment, TimeRef } from '../contract/wire/plan.ts'
import { type LightingDay, wallTimeIn } from './lighting-day.ts'
import { type Place, sunIn } from './sun.ts'

/** A stretch of a lighting day at one level; the pieces of a day touch and cover it. */
export type Piece = {
  from: number
  to: number
  level: number
  /** Index of the program's segment that decides; absent where none covers. */
  segment?: number
}

type Context = { day: LightingDay; place: Place }
type Interval = { from: number; to: number; level: number; segment: number }

const clamp = (t: number, { from, to }: LightingDay): number => Math.min(Math.max(t, from), to)

/** Epoch ms of a time reference, inside the day; `null` when it needs a sun that does not move so. */
export function resolveTime(
  ref: TimeRef,
  bound: 'lower' | 'upper',
  { day, place }: Context,
): number | null {
  const { timeZone } = place
  if (ref.kind === 'clock') return clamp(wallTimeIn(day, ref.at, { timeZone, bound }), day)
  const event = sunIn(day, ref.event, place)
  if (event === null) return null
  const wall = (time: string, side: 'lower' | 'upper') =>
    wallTimeIn(day, time, { timeZone, bound: side })
  let at = event + ref.offsetMin * 60_000
  if (ref.notBefore) at = Math.max(at, wall(ref.notBefore, 'lower'))
  if (ref.notAfter) at = Math.min(at, wall(ref.notAfter, 'upper'))
  return clamp(at, day)
}

/** `null`: the sun is needed and missing. `undefined`: the segment is empty this night. */
function intervalOf(
  segment: Segment,
  index: number,
  context: Context,
): Interval | null | undefined {
  let from = resolveTime(segment.from, 'lower', context)
  let to = resolveTime(segment.to, 'upper', context)
  if (from === null || to === null) return null
  if (segment.onlyWhenDark) {
    const sunset = sunIn(context.day, 'sunset', context.place)
    const sunrise = sunIn(context.day, 'sunrise', context.place)
    if (sunset === null || sunrise === null) return null
    from = Math.max(from, sunset)
    to = Math.min(to, sunrise)
  }
  // An end at or before its start means "not this night", never "until tomorrow".
  return to > from ? { from, to, level: segment.level, segment: index } : undefined
}

function strongest(intervals: readonly Interval[], at: number): Interval | undefined {
  let best: Interval | undefined
  for (const one of intervals) {
    if (one.from <= at && at < one.to && (!best || one.level > best.level)) best = one
  }
  return best
}

function piecesOf(intervals: readonly Interval[], day: LightingDay): Piece[] {
  const edges = [...new Set([day.from, day.to, ...intervals.flatMap((one) => [one.from, one.to])])]
  edges.sort((a, b) => a - b)
  const pieces: Piece[] = []
  for (const [index, from] of edges.slice(0, -1).entries()) {
    const winner = strongest(intervals, from)
    const to = edges[index + 1] ?? day.to
    const last = pieces.at(-1)
    if (last && last.segment === winner?.segment) last.to = to
    else {
      pieces.push({
        from,
        to,
        level: winner?.level ?? 0,
        ...(winner ? { segment: winner.segment } : {}),
      })
    }
  }
  return pieces
}

/**
 * A program laid over one lighting day. Where segments overlap the highest level holds, where none
 * covers it is off. `null` when a segment needs a sun event that this night does not have.
 */
export function layOut(program: Program, context: Context): Piece[] | null {
  const intervals: Interval[] = []
  for (const [index, segment] of program.segments.entries()) {
    const interval = intervalOf(segment, index, context)
    if (interval === null) return null
    if (interval) intervals.push(interval)
  }
  return piecesOf(intervals, context.day)
}
