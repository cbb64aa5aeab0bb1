import type { Accepted } from '../contract/wire/accepted.ts'
import { sampleAt } from '../contract/wire/accepted.ts'
import { isField, type Measurement, measurementOf } from '../contract/wire/measures.ts'
import type { Point } from './series.ts'

/** Local name to asset at a moment; undefined = nobody has bound it. */
export type ResolveAsset = (
  agentId: string,
  unit: string,
  part: string,
  at: number,
) => { assetId: string; part: string } | undefined

function fieldsOf(
  measurement: Measurement,
  values: Record<string, number | null>,
): Record<string, number> {
  const fields: Record<string, number> = {}
  for (const name in values) {
    const value = values[name]
    if (typeof value === 'number' && isField(measurement, name)) fields[name] = value
  }
  return fields
}

/**
 * Points of a telemetry record for the series store: only registered assets become tags, only
 * known names become fields, and unknown values are left out (a gap, not a zero). Pure.
 */
export function toPoints(
  message: Accepted<'telemetry'>,
  resolve: ResolveAsset,
): { points: Point[]; unbound: number } {
  const { agentId, body } = message
  const points: Point[] = []
  let unbound = 0
  for (const sample of body.samples) {
    const at = sampleAt(sample.at, body, message.at)
    for (const part in sample.parts) {
      const measurement = measurementOf(sample.kind, part)
      const bound = measurement && resolve(agentId, sample.unit, part, at)
      if (!measurement || !bound) {
        unbound += 1
        continue
      }
      const fields = fieldsOf(measurement, sample.parts[part] ?? {})
      points.push({ measurement, asset: bound.assetId, part: bound.part, at, fields })
    }
  }
  return { points: points.filter((point) => Object.keys(point.fields).length > 0), unbound }
}
