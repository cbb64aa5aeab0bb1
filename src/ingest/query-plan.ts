import { hours, minutes } from '../core/clock.ts'
import { combine, floorTo, type Level, rollUpSamples, type Sample, type Window } from './roll-up.ts'
import type { Aggregate, SeriesQuery, SeriesRow } from './series.ts'

/** A stretch of time and the level it is read from. */
export type Piece = { level: Level; from: number; to: number }

/** What the store knows about its levels at this moment. */
export type LevelState = {
  /** Nothing is stored outside of this. */
  extent: { from: number; to: number }
  /** Raw is complete from here on, the 5-minute level from `m5From` on. */
  rawFrom: number
  m5From: number
  /** Hours from here on are open: their roll-ups may not exist yet. */
  openFrom: number
  /** True while the roll-ups of this hour are older than its raw samples. */
  isDirty: (hourAt: number) => boolean
  /** False when the store has the raw level only. */
  rolledUp: boolean
}

export type Plan = {
  pieces: Piece[]
  /** 'samples': as stored. 'fine': buckets below 5 minutes. 'windows': from 5-minute windows up. */
  grain: 'samples' | 'fine' | 'windows'
  bucketOf: (at: number) => number
}

const hourMs = hours(1)
const m5Ms = minutes(5)

/** `everyMs` as the levels can serve it: see SeriesQuery. */
export const bucketMsOf = (everyMs: number): number => {
  if (everyMs < m5Ms) return everyMs
  const stepMs = everyMs <= hourMs ? m5Ms : hourMs
  return Math.ceil(everyMs / stepMs) * stepMs
}

/** The best level for one hour, or the part of it inside the query. */
function levelFor(piece: { from: number; to: number }, wholeHours: boolean, s: LevelState): Level {
  const hourAt = floorTo(piece.from, hourMs)
  if (!s.rolledUp) return 'raw'
  const whole = piece.from === hourAt && piece.to === hourAt + hourMs
  if (whole && hourAt < s.openFrom && !s.isDirty(hourAt)) {
    return wholeHours || hourAt < s.m5From ? 'h1' : 'm5'
  }
  if (hourAt >= s.rawFrom) return 'raw'
  return hourAt >= s.m5From ? 'm5' : 'h1'
}

/** Joins neighbours of one level. */
function join(pieces: Piece[], next: Piece): Piece[] {
  const last = pieces.at(-1)
  if (last && last.level === next.level && last.to === next.from) last.to = next.to
  else pieces.push(next)
  return pieces
}

/** Level by level for closed hours; what is open is raw in one piece, however long. */
function byHours(
  { from, to }: { from: number; to: number },
  openFrom: number,
  level: (piece: Omit<Piece, 'level'>) => Level,
): Piece[] {
  const pieces: Piece[] = []
  for (let at = from; at < to; ) {
    const end = at >= openFrom ? to : Math.min(to, floorTo(at, hourMs) + hourMs)
    join(pieces, {
      level: at >= openFrom ? 'raw' : level({ from: at, to: end }),
      from: at,
      to: end,
    })
    at = end
  }
  return pieces
}

/** For samples and fine buckets: raw as far as it reaches, then whatever is left. */
const finestLevel =
  (s: LevelState) =>
  ({ from }: { from: number }): Level => {
    if (from >= s.rawFrom || !s.rolledUp) return 'raw'
    return from >= s.m5From ? 'm5' : 'h1'
  }

/** Which level answers which stretch, so that edges, late and fresh data come out right. */
export function planQuery(query: SeriesQuery, state: LevelState): Plan {
  const { from, everyMs, aggregate } = query
  const span = {
    from: Math.max(from, state.extent.from),
    to: Math.min(query.to, state.extent.to),
  }
  if (everyMs === undefined && aggregate === undefined) {
    return {
      grain: 'samples',
      bucketOf: (at) => at,
      pieces: byHours(span, state.openFrom, finestLevel(state)),
    }
  }
  const bucketMs = everyMs === undefined ? undefined : bucketMsOf(everyMs)
  const bucketOf = bucketMs === undefined ? () => from : (at: number) => floorTo(at, bucketMs)
  if (bucketMs !== undefined && bucketMs < m5Ms) {
    return { grain: 'fine', bucketOf, pieces: byHours(span, state.openFrom, finestLevel(state)) }
  }
  const wholeHours = bucketMs === undefined || bucketMs % hourMs === 0
  const pieces = byHours(span, state.openFrom, (piece) => levelFor(piece, wholeHours, state))
  return { grain: 'windows', bucketOf, pieces }
}

/** What a store read for one piece and part, in order of time. */
export type Fetched =
  | { level: 'raw'; part: string; samples: Sample[] }
  | { level: 'm5' | 'h1'; part: string; windows: Window[] }

const asSamples = (one: Fetched, aggregate: Aggregate): Sample[] =>
  one.level === 'raw'
    ? one.samples
    : one.windows.map(({ at, cells }) => ({
        at,
        values: cells.map((cell) => cell?.[aggregate] ?? null),
      }))

const asWindows = (one: Fetched): (Window & { level: 'm5' | 'h1' })[] => {
  if (one.level !== 'raw') return one.windows.map((window) => ({ ...window, level: one.level }))
  const windows = rollUpSamples(one.samples, (at) => floorTo(at, m5Ms))
  return windows.map((window) => ({ ...window, level: 'm5' as const }))
}

function samplesOf(
  grain: Plan['grain'],
  bucketOf: Plan['bucketOf'],
  ofPart: Fetched[],
  a: Aggregate,
) {
  if (grain === 'samples') return ofPart.flatMap((one) => asSamples(one, a))
  const windows =
    grain === 'fine'
      ? rollUpSamples(
          ofPart.flatMap((one) => asSamples(one, a)),
          bucketOf,
        )
      : combine(ofPart.flatMap(asWindows), bucketOf)
  return windows.map(({ at, cells }) => ({ at, values: cells.map((cell) => cell?.[a] ?? null) }))
}

/** Rows of the answer from what was read; `fetched` is in the order of the plan's pieces. */
export function answer(query: SeriesQuery, plan: Plan, fetched: Fetched[]): SeriesRow[] {
  const aggregate = query.aggregate ?? 'mean'
  const byPart = Map.groupBy(fetched, (one) => one.part)
  const rows = [...byPart].flatMap(([part, ofPart]) =>
    samplesOf(plan.grain, plan.bucketOf, ofPart, aggregate)
      .filter(({ values }) => values.some((value) => value !== null))
      .map(({ at, values }) => ({
        at,
        part,
        values: Object.fromEntries(query.fields.map((field, i) => [field, values[i] ?? null])),
      })),
  )
  return rows.sort((a, b) => a.at - b.at || (a.part < b.part ? -1 : a.part > b.part ? 1 : 0))
}
