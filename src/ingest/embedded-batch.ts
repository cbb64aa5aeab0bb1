import type { Point, Refusal } from './series.ts'
import { cleanTag, fieldIndexOf, refusalOf } from './series-names.ts'

/**
 * A batch on its way to the worker: columns instead of objects, because cloning thousands of small
 * objects costs the main thread more than SQLite costs the worker.
 */
export type BatchGroup = {
  measurement: string
  /** Series keys joined by `keySeparator`; names hold no control characters. */
  keys: string
  at: Float64Array<ArrayBuffer>
  /** Row after row in the order of `fieldsOf`; NaN is "no value". */
  values: Float64Array<ArrayBuffer>
}

export const keySeparator = '\u0001'
const partSeparator = '\n'

export const seriesKey = (asset: string, part: string): string => `${asset}${partSeparator}${part}`

export const splitKey = (key: string): { asset: string; part: string } => {
  const at = key.indexOf(partSeparator)
  return { asset: key.slice(0, at), part: key.slice(at + 1) }
}

/** Copies the finite values of a point into `into`; gives the reason when it cannot be stored. */
function copyValues(
  point: Point,
  index: ReadonlyMap<string, number>,
  into: { values: Float64Array; offset: number },
): string | undefined {
  let found = 0
  for (const name in point.fields) {
    const i = index.get(name)
    if (i === undefined) return `unknown field ${name.slice(0, 40)}`
    const value = point.fields[name]
    if (typeof value !== 'number' || !Number.isFinite(value)) continue
    into.values[into.offset + i] = value
    found += 1
  }
  return found === 0 ? 'no finite value' : undefined
}

function encodeGroup(measurement: string, points: Point[], refused: Refusal[]): BatchGroup {
  const index = fieldIndexOf(measurement) ?? new Map<string, number>()
  const values = new Float64Array(points.length * index.size).fill(Number.NaN)
  const at = new Float64Array(points.length)
  const keys: string[] = []
  for (const point of points) {
    const offset = keys.length * index.size
    const reason = copyValues(point, index, { values, offset })
    if (reason === undefined) {
      at[keys.length] = point.at
      keys.push(seriesKey(cleanTag(point.asset), cleanTag(point.part)))
    } else {
      values.fill(Number.NaN, offset, offset + index.size)
      refused.push({ point, reason })
    }
  }
  return { measurement, keys: keys.join(keySeparator), at: at.slice(0, keys.length), values }
}

/** Points as columns by measurement; `oldest` is the earliest time that is still kept. */
export function encodeBatch(
  points: Point[],
  oldest: number,
): { groups: BatchGroup[]; refused: Refusal[]; stored: number } {
  const refused: Refusal[] = []
  const byMeasurement = new Map<string, Point[]>()
  for (const point of points) {
    const tooOld = point.at < oldest ? 'older than the store keeps' : undefined
    const reason = refusalOf(point) ?? tooOld
    const group = byMeasurement.get(point.measurement)
    if (reason !== undefined) refused.push({ point, reason })
    else if (group) group.push(point)
    else byMeasurement.set(point.measurement, [point])
  }
  const groups = [...byMeasurement].map(([name, ofName]) => encodeGroup(name, ofName, refused))
  return {
    groups: groups.filter((group) => group.at.length > 0),
    refused,
    stored: points.length - refused.length,
  }
}
