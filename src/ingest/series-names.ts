import { areaStats, measures } from '../contract/wire/measures.ts'
import { Problem } from '../core/problem.ts'
import type { Point, SeriesQuery } from './series.ts'

/** Field names by measurement, in one fixed order: columns of tables and of transfers. */
const fieldNames = new Map<string, readonly string[]>([
  ...Object.entries(measures).map(([name, fields]) => [name, Object.keys(fields)] as const),
  ['area_stats', Object.keys(areaStats)],
])

const fieldIndex = new Map(
  [...fieldNames].map(([name, fields]) => [name, new Map(fields.map((f, i) => [f, i]))]),
)

/** The only identifiers that may stand in a statement. */
export const measurementNames: readonly string[] = [...fieldNames.keys()]

export const fieldsOf = (measurement: string): readonly string[] | undefined =>
  fieldNames.get(measurement)

/** Position of each field in `fieldsOf`. */
export const fieldIndexOf = (measurement: string): ReadonlyMap<string, number> | undefined =>
  fieldIndex.get(measurement)

/** The tag that holds `asset`. */
export const assetTag = (measurement: string): 'asset' | 'area' =>
  measurement === 'area_stats' ? 'area' : 'asset'

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be found
const suspect = /[\u0000-\u001f\u007f-\u009f\\\ud800-\udfff]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
const controls = /[\u0000-\u001f\u007f-\u009f]+/g

/**
 * A tag value that line protocol can carry: control characters and trailing backslashes go. Every
 * store cleans names the same way, when writing and when asking.
 */
export const cleanTag = (text: string): string =>
  suspect.test(text) ? text.toWellFormed().replace(controls, '').replace(/\\+$/, '') : text

const longestTag = 256
/** Influx keeps nanoseconds in 64 bits: the year 2255. */
const latestAt = 9_000_000_000_000

/** Why no store takes this point; `undefined` when it may be written. Values are not looked at. */
export function refusalOf(point: Point): string | undefined {
  if (!fieldNames.has(point.measurement)) return 'unknown measurement'
  if (cleanTag(point.asset) === '') return 'no asset'
  if (point.asset.length > longestTag || point.part.length > longestTag) return 'name too long'
  if (!Number.isSafeInteger(point.at) || point.at < 0 || point.at > latestAt) return 'bad time'
  return undefined
}

/** The query with clean names. Throws Problem `request.invalid` for a name or time of nobody. */
export function checkQuery(query: SeriesQuery): SeriesQuery {
  const index = fieldIndexOf(query.measurement)
  if (!index) throw new Problem('request.invalid', 'no such measurement')
  if (!query.fields.every((field) => index.has(field)) || query.fields.length === 0) {
    throw new Problem('request.invalid', 'no such field of this measurement')
  }
  const times = [query.from, query.to, query.everyMs ?? 1]
  if (!times.every(Number.isSafeInteger) || (query.everyMs ?? 1) < 1) {
    throw new Problem('request.invalid', 'times are whole milliseconds')
  }
  return {
    ...query,
    asset: cleanTag(query.asset),
    fields: [...new Set(query.fields)],
    from: Math.max(0, query.from),
    to: Math.min(latestAt, query.to),
    ...(query.part === undefined ? {} : { part: cleanTag(query.part) }),
  }
}
