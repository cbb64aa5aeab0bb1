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

const fiveOf = (source: 'raw' | 'm5', field: string): string => {
  const own = source === 'raw'
  const of = (suffix: string) => (own ? `"${field}"` : `"${field}${suffix}"`)
  return [
    `mean("${field}") AS "${field}"`,
    `min(${of('_min')}) AS "${field}_min"`,
    `max(${of('_max')}) AS "${field}_max"`,
    `last(${of('_last')}) AS "${field}_last"`,
    `count("${field}") AS "${field}_count"`,
  ].join(', ')
}

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
    if (grouped) return fiveOf('raw', field)
    if (piece.level === 'raw') return `"${field}"`
    return cellSuffixes.map((suffix) => `"${field}${suffix}"`).join(', ')
  })
  const by = grouped ? 'GROUP BY time(5m), "part" fill(none)' : 'GROUP BY "part"'
  return {
    text: `SELECT ${columns.join(', ')} FROM ${place(piece.level, managed)}"${measurement}" WHERE ${where} ${by}`,
    placeholders: { asset, ...(part === undefined ? {} : { part }) },
  }
}

export type RollUpOf = { measurement: string; from: number; to: number; assets?: string[] }

/** Makes the windows of one level again from the level below. */
export function rollUpStatement(into: 'm5' | 'h1', database: string, of: RollUpOf): Statement {
  const source = into === 'm5' ? 'raw' : 'm5'
  const tag = assetTag(of.measurement)
  const names = of.assets?.map((asset, i) => [`asset${i}`, asset] as const) ?? []
  const anyOf = names.map(([name]) => `"${tag}" = $${name}`).join(' OR ')
  const columns = (fieldsOf(of.measurement) ?? []).map((field) => fiveOf(source, field)).join(', ')
  return {
    text: `SELECT ${columns} INTO "${database}"."${into}"."${of.measurement}" FROM "${database}"."${source}"."${of.measurement}" WHERE ${span(of)}${anyOf === '' ? '' : ` AND (${anyOf})`} GROUP BY time(${into === 'm5' ? '5m' : '1h'}), "${tag}", "part" fill(none)`,
    placeholders: Object.fromEntries(names),
  }
}
