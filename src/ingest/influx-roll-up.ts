import { setImmediate as nextTurn } from 'node:timers/promises'
import { hours } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { DirtyHour } from './dirty-hours.ts'
import type { InfluxClient, InfluxSeries } from './influx-client.ts'
import { hourStatement, seriesCountStatement } from './influx-statements.ts'
import type { InfluxWriter } from './influx-write.ts'
import { type Line, seriesText, windowLine } from './line-protocol.ts'
import { rollUpHour, type Window } from './roll-up.ts'
import { assetTag, fieldsOf } from './series-names.ts'

const pageSize = 1000
/** Series worked out in one go: a few milliseconds of the main thread. */
const seriesPerTurn = 50

type Lines = { m5: Line[]; h1: Line[] }

function linesOf(measurement: string, series: InfluxSeries, into: Lines): void {
  const fields = fieldsOf(measurement) ?? []
  const asset = series.tags?.[assetTag(measurement)] ?? ''
  const part = series.tags?.['part'] ?? ''
  const samples = series.values.map(([at, ...values]) => ({
    at: Number(at),
    values: values.map((value) => (typeof value === 'number' ? value : null)),
  }))
  const place = seriesText(measurement, asset, part)
  const toLine = (window: Window): Line => ({
    text: windowLine(place, fields, window),
    point: { measurement, asset, part, at: window.at, fields: {} },
  })
  const { m5, h1 } = rollUpHour(samples)
  for (const window of m5) into.m5.push(toLine(window))
  for (const window of h1) into.h1.push(toLine(window))
}

/**
 * Makes the windows of one hour again from its raw samples and writes them to `m5` and `h1`.
 * Read, worked out here and written back: on 1.6.7 `SELECT … INTO` needs some ten times the
 * server's time for it, because every aggregate of every series is an iterator of its own.
 */
export function createInfluxRollUp(options: {
  client: InfluxClient
  writers: Record<keyof Lines, InfluxWriter>
  log: Log
}): (hour: DirtyHour) => Promise<void> {
  const { client, writers, log } = options

  const countSeries = async (measurement: string): Promise<number> => {
    const [found] = await client.query([seriesCountStatement(measurement)], {})
    return Number(found?.[0]?.values[0]?.[0] ?? 0)
  }
  const rollUpPage = async (hour: DirtyHour, from: number): Promise<void> => {
    const { measurement, hourAt, assets } = hour
    const of = { measurement, from: hourAt, to: hourAt + hours(1), ...(assets ? { assets } : {}) }
    const { text, placeholders } = hourStatement(of, { size: pageSize, from })
    const [found = []] = await client.query([text], placeholders)
    const lines: Lines = { m5: [], h1: [] }
    for (const [n, series] of found.entries()) {
      linesOf(measurement, series, lines)
      if (n % seriesPerTurn === seriesPerTurn - 1) await nextTurn()
    }
    for (const level of ['m5', 'h1'] as const) {
      const refused = await writers[level].writeLines(lines[level])
      if (refused.length === 0) continue
      log.warn(
        { level, hourAt, refused: refused.length, reason: refused[0]?.reason },
        'roll-up rows refused',
      )
    }
  }
  return async (hour) => {
    // Pages count series without samples in this hour, too. New series move the others to later
    // pages, where they are done twice; none is left out.
    const total = await countSeries(hour.measurement)
    for (let from = 0; from < total; from += pageSize) await rollUpPage(hour, from)
  }
}
