import type { Piece } from './query-plan.ts'
import { cellSuffixes, type Level } from './roll-up.ts'
import { assetTag, fieldsOf } from './series-names.ts'

/**
 * InfluxQL as text. Identifiers come from the measures table and from fixed names, times are whole
 * numbers, everything else is a placeholder.
 */
export type Statement = { text: string; placeholders: Record<string, string> }

const ms = (at: number): string => {
  if (!Number.isSafeInteger(at)) throw new RangeError('a time must be whole milliseconds')
  return `${at}ms`
}

const span = ({ from, to }: { from: number; to: number }): string =>
  `time >= ${ms(from)} AND time < ${ms(to)}`

/** The five cells of a field, made by the server from raw samples. */
const fiveOf = (field: string): string =>
  [
    `mean("${field}") AS "${field}"`,
    `min("${field}") AS "${field}_min"`,
    `max("${field}") AS "${field}_max"`,
    `last("${field}") AS "${field}_last"`,
    `count("${field}") AS "${field}_count"`,
  ].join(', ')

/** `"policy".` or nothing where the schema is not ours and there is one policy only. */
const place = (level: Level, managed: boolean): string => (managed ? `"${level}".` : '')

export type Reading = {
  measurement: string
  asset: string
  part: string | undefined
  fields: readonly string[]
  managed: boolean
}

/** One piece of a query. `windows`: raw samples come as 5-minute windows, made by the server. */
export function readStatement(reading: Reading, piece: Piece, windows: boolean): Statement {
  const { measurement, asset, part, fields, managed } = reading
  const onlyPart = part === undefined ? '' : ' AND "part" = $part'
  const where = `"${assetTag(measurement)}" = $asset${onlyPart} AND ${span(piece)}`
  const grouped = piece.level === 'raw' && windows
  const columns = fields.map((field) => {
    if (grouped) return fiveOf(field)
    if (piece.level === 'raw') return `"${field}"`
    return cellSuffixes.map((suffix) => `"${field}${suffix}"`).join(', ')
  })
  const by = grouped ? 'GROUP BY time(5m), "part" fill(none)' : 'GROUP BY "part"'
  return {
    text: `SELECT ${columns.join(', ')} FROM ${place(piece.level, managed)}"${measurement}" WHERE ${where} ${by}`,
    placeholders: { asset, ...(part === undefined ? {} : { part }) },
  }
}

export type HourOf = { measurement: string; from: number; to: number; assets?: string[] }

/** Raw samples of an hour for its roll-up, by series; a page of them when not for few assets. */
export function hourStatement(of: HourOf, page: { size: number; from: number }): Statement {
  const tag = assetTag(of.measurement)
  const names = of.assets?.map((asset, i) => [`asset${i}`, asset] as const) ?? []
  const anyOf = names.map(([name]) => `"${tag}" = $${name}`).join(' OR ')
  const fields = (fieldsOf(of.measurement) ?? []).map((field) => `"${field}"`).join(', ')
  const which = anyOf === '' ? '' : ` AND (${anyOf})`
  return {
    text: `SELECT ${fields} FROM "raw"."${of.measurement}" WHERE ${span(of)}${which} GROUP BY "${tag}", "part" SLIMIT ${page.size} SOFFSET ${page.from}`,
    placeholders: Object.fromEntries(names),
  }
}

/** How many series a measurement has. */
export const seriesCountStatement = (measurement: string): string =>
  `SHOW SERIES EXACT CARDINALITY FROM "${measurement}"`
