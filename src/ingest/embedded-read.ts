import { openFrom } from './dirty-hours.ts'
import type { SeriesFile } from './embedded-files.ts'
import { blockMs, columnsOf, levels, quoted, tableOf } from './embedded-schema.ts'
import { edgeBlock, keptFrom } from './embedded-upkeep.ts'
import { answer, type Fetched, type Piece, planQuery } from './query-plan.ts'
import { type Cell, cellSuffixes, type Level, type Window } from './roll-up.ts'
import type { SeriesQuery, SeriesRow } from './series.ts'

type Numbers = (number | null)[]

/** Rows of one series in `[from, to)`: time, then the value columns. */
function* rowsOf(
  file: SeriesFile,
  what: { level: Level; measurement: string; fields: readonly string[]; series: number },
  span: { from: number; to: number },
): Generator<{ at: number; values: Numbers }> {
  const stepMs = blockMs[what.level]
  const read = file.prepare(
    `SELECT offset, ${quoted(columnsOf(what.level, what.fields))}
     FROM "${tableOf(what.level, what.measurement)}"
     WHERE block = ? AND series = ? AND offset >= ? AND offset < ? ORDER BY offset`,
  )
  for (let block = Math.floor(span.from / stepMs); block * stepMs < span.to; block++) {
    const start = block * stepMs
    const rows = read.all(block, what.series, span.from - start, span.to - start)
    for (const row of rows as unknown as number[][]) {
      const [offset = 0, ...values] = row
      yield { at: start + offset, values }
    }
  }
}

function toWindow({ at, values }: { at: number; values: Numbers }): Window {
  const cells: (Cell | undefined)[] = []
  for (let i = 0; i < values.length; i += cellSuffixes.length) {
    const [mean, min, max, last, count] = values.slice(i, i + cellSuffixes.length)
    const known = typeof mean === 'number'
    cells.push(
      known
        ? { mean, min: min ?? mean, max: max ?? mean, last: last ?? mean, count: count ?? 1 }
        : undefined,
    )
  }
  return { at, cells }
}

/** The answer of the embedded store; `now` decides which hours are still open. */
export function readSeries(file: SeriesFile, query: SeriesQuery, now: number): SeriesRow[] {
  const { measurement, asset, fields } = query
  const kept = keptFrom(file)
  const plan = planQuery(query, {
    extent: extentOf(file, measurement),
    rawFrom: kept.raw,
    m5From: kept.m5,
    openFrom: openFrom(now),
    isDirty: (hourAt) => file.dirty.isDirty(measurement, hourAt, asset),
    rolledUp: true,
  })
  const series = file.seriesOf(measurement, asset)
  const wanted = series.filter(({ part }) => query.part === undefined || part === query.part)
  const fetch = (piece: Piece, { id, part }: { id: number; part: string }): Fetched => {
    const rows = rowsOf(file, { level: piece.level, measurement, fields, series: id }, piece)
    return piece.level === 'raw'
      ? { level: 'raw', part, samples: [...rows] }
      : { level: piece.level, part, windows: Array.from(rows, toWindow) }
  }
  const fetched = wanted.flatMap((one) => plan.pieces.map((piece) => fetch(piece, one)))
  return answer(query, plan, fetched)
}

/** A query over all times must not walk through a million empty hours. */
function extentOf(file: SeriesFile, measurement: string): { from: number; to: number } {
  const edges = levels.flatMap((level) => {
    const first = edgeBlock(file, 'min', level, measurement)
    const last = edgeBlock(file, 'max', level, measurement)
    if (first === undefined || last === undefined) return []
    return [{ from: first * blockMs[level], to: (last + 1) * blockMs[level] }]
  })
  return {
    from: Math.min(...edges.map(({ from }) => from)),
    to: Math.max(...edges.map(({ to }) => to)),
  }
}
