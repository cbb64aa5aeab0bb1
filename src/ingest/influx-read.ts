import { type Clock, hours } from '../core/clock.ts'
import { type DirtyHours, openFrom } from './dirty-hours.ts'
import type { InfluxClient, InfluxSeries } from './influx-client.ts'
import { type Reading, readStatement } from './influx-statements.ts'
import { answer, type Fetched, type LevelState, type Piece, planQuery } from './query-plan.ts'
import { type Cell, cellSuffixes, floorTo, type Window } from './roll-up.ts'
import type { Retention, SeriesQuery, SeriesRow } from './series.ts'

/** Late hours cut a query into many pieces. */
const statementsPerCall = 100

const numberIn = (value: unknown): number | null => (typeof value === 'number' ? value : null)

function toWindow(row: readonly unknown[]): Window {
  const cells: (Cell | undefined)[] = []
  for (let i = 1; i < row.length; i += cellSuffixes.length) {
    const [mean, min, max, last, count] = row.slice(i, i + cellSuffixes.length).map(numberIn)
    const known = typeof mean === 'number'
    cells.push(
      known
        ? { mean, min: min ?? mean, max: max ?? mean, last: last ?? mean, count: count ?? 1 }
        : undefined,
    )
  }
  return { at: Number(row[0]), cells }
}

const toFetched = (series: InfluxSeries, piece: Piece, windows: boolean): Fetched => {
  const part = series.tags?.['part'] ?? ''
  if (piece.level === 'raw' && !windows) {
    const samples = series.values.map(([at, ...values]) => ({
      at: Number(at),
      values: values.map(numberIn),
    }))
    return { level: 'raw', part, samples }
  }
  const level = piece.level === 'raw' ? 'm5' : piece.level
  return { level, part, windows: series.values.map(toWindow) }
}

/** Reads each piece of the plan from its policy and joins them as the embedded store does. */
export function createInfluxReader(options: {
  client: InfluxClient
  clock: Clock
  dirty: DirtyHours
  retention: Retention
  managed: boolean
}): (query: SeriesQuery) => Promise<SeriesRow[]> {
  const { client, clock, dirty, retention, managed } = options

  const levelState = ({ measurement, asset }: SeriesQuery): LevelState => {
    const now = clock.now()
    const from = (keptMs: number) => floorTo(now - keptMs, hours(1)) + hours(1)
    const longest = Math.max(retention.raw, retention.m5, retention.h1)
    const oldest = managed ? floorTo(now - longest, hours(1)) : 0
    return {
      extent: { from: oldest, to: Number.MAX_SAFE_INTEGER },
      rawFrom: from(retention.raw),
      m5From: from(retention.m5),
      openFrom: openFrom(now),
      isDirty: (hourAt) => dirty.isDirty(measurement, hourAt, asset),
      rolledUp: managed,
    }
  }
  return async (query) => {
    const { measurement, asset, part, fields } = query
    const plan = planQuery(query, levelState(query))
    const reading: Reading = { measurement, asset, part, fields, managed }
    const windows = plan.grain === 'windows'
    const fetched: Fetched[] = []
    for (let n = 0; n < plan.pieces.length; n += statementsPerCall) {
      const pieces = plan.pieces.slice(n, n + statementsPerCall)
      const statements = pieces.map((piece) => readStatement(reading, piece, windows))
      const found = await client.query(
        statements.map(({ text }) => text),
        statements[0]?.placeholders ?? {},
      )
      for (const [i, piece] of pieces.entries()) {
        fetched.push(...(found[i] ?? []).map((series) => toFetched(series, piece, windows)))
      }
    }
    return answer(query, plan, fetched)
  }
}
