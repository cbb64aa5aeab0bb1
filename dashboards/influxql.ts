import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import { areaStats, measures } from '../src/contract/wire/measures.ts'

/**
 * Queries to InfluxDB in its own language; the SDK has no module for it. Measurements and fields
 * are checked by the compiler against the contract of the series store.
 */
const schema = { ...measures, area_stats: areaStats }

type Schema = typeof schema
export type Measurement = keyof Schema
export type Field<M extends Measurement> = keyof Schema[M] & string

type InfluxQuery = Dataquery & {
  refId?: string
  query: string
  rawQuery: true
  resultFormat: 'time_series' | 'table'
  alias?: string
}

export type Target = Builder<InfluxQuery> & {
  alias: (name: string) => Target
  refId: (id: string) => Target
}

/** One panel query as Grafana's InfluxDB data source reads it. */
export function influx(query: string, resultFormat: 'time_series' | 'table' = 'time_series') {
  const built: InfluxQuery = {
    query,
    rawQuery: true,
    resultFormat,
    _implementsDataqueryVariant: () => {},
  }
  const target: Target = {
    alias: (name) => {
      built.alias = name
      return target
    },
    refId: (id) => {
      built.refId = id
      return target
    },
    build: () => built,
  }
  return target
}

/** `fn("field") AS "name"` of a measurement. */
export const pick = <M extends Measurement>(
  fn: 'last' | 'mean' | 'min' | 'max' | 'sum' | 'count',
  _of: M,
  field: Field<M>,
  name: string = field,
): string => `${fn}("${field}") AS "${name}"`

export const from = (measurement: Measurement): string => `FROM "${measurement}"`

/** Everything in the shown range. */
export const inRange = '$timeFilter'

/**
 * The last quarter of an hour of the shown range: what is older is not "now", and an empty panel is
 * more honest than a number from yesterday.
 */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's variable
export const atEnd = 'time > ${__to}ms - 15m AND time <= ${__to}ms'

export const ofArea = `"area" = '$area'`
export const ofAsset = '"asset" =~ /^$asset$/'

export const bySlice = 'GROUP BY time($__interval)'
