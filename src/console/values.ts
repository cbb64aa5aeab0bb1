import type { Format } from './format.ts'
import { valueWords } from './words/look-up.ts'
import type { Words } from './words/vi.ts'

type Unit =
  | 'state'
  | 'percent'
  | 'count'
  | 'seconds'
  | 'MB'
  | 'kbit/s'
  | 'V'
  | 'A'
  | 'W'
  | 'Wh'
  | 'Hz'
  | 'ms'
  | 'bytes'

type Shape = {
  unit: Unit
  /** For states: the value that is well. Without it neither value is bad in itself. */
  good?: 0 | 1
}

/** How each value that devices report is shown. Names are those of the series. */
export const valueShapes: Record<string, Shape> = {
  'recorder.reachable': { unit: 'state', good: 1 },
  'recorder.cpu': { unit: 'percent' },
  'recorder.mem': { unit: 'percent' },
  'recorder.uptime_s': { unit: 'seconds' },
  'recorder.channels_online': { unit: 'count' },
  'recorder.channels_total': { unit: 'count' },
  'recorder.drift_s': { unit: 'seconds' },
  'disk.ok': { unit: 'state', good: 1 },
  'disk.capacity_mb': { unit: 'MB' },
  'disk.free_mb': { unit: 'MB' },
  'disk.used_pct': { unit: 'percent' },
  'camera.online': { unit: 'state', good: 1 },
  'camera.video': { unit: 'state', good: 1 },
  'camera.recording': { unit: 'state', good: 1 },
  'camera.bitrate_kbps': { unit: 'kbit/s' },
  'camera.fps': { unit: 'count' },
  'ups.on_battery': { unit: 'state', good: 0 },
  'ups.low': { unit: 'state', good: 0 },
  'ups.battery_pct': { unit: 'percent' },
  'ups.load_pct': { unit: 'percent' },
  'ups.in_v': { unit: 'V' },
  'ups.out_v': { unit: 'V' },
  'ups.runtime_s': { unit: 'seconds' },
  'cabinet.comm_ok': { unit: 'state', good: 1 },
  'cabinet.plan_ok': { unit: 'state', good: 1 },
  'cabinet.door_open': { unit: 'state', good: 0 },
  'phase.v': { unit: 'V' },
  'phase.i': { unit: 'A' },
  'phase.p': { unit: 'W' },
  'phase.pf': { unit: 'count' },
  'meter.p': { unit: 'W' },
  'meter.energy_wh': { unit: 'Wh' },
  'meter.hz': { unit: 'Hz' },
  'circuit.on': { unit: 'state' },
  'circuit.desired': { unit: 'state' },
  'circuit.expected_w': { unit: 'W' },
  'circuit.p': { unit: 'W' },
  'agent.backlog': { unit: 'count' },
  'agent.rtt_ms': { unit: 'ms' },
  'agent.bytes': { unit: 'bytes' },
}

export const shapeOf = (measurement: string, field: string): Shape => {
  const key = `${measurement}.${field}`
  return (Object.hasOwn(valueShapes, key) ? valueShapes[key] : undefined) ?? { unit: 'count' }
}

export const isState = (measurement: string, field: string): boolean =>
  shapeOf(measurement, field).unit === 'state'

/** Is this value a bad state? `false` also for what is no state or cannot be bad. */
export function isBad(measurement: string, field: string, value: number): boolean {
  const { unit, good } = shapeOf(measurement, field)
  return unit === 'state' && good !== undefined && value !== good
}

type Speech = { words: Words; format: Format }

const scaled: Partial<Record<Unit, (value: number, format: Format) => string>> = {
  percent: (value, format) => format.percent(value),
  seconds: (value, format) => `${value < 0 ? '−' : ''}${format.duration(Math.abs(value) * 1000)}`,
  MB: (value, format) =>
    value >= 1_000_000
      ? `${format.number(value / 1_000_000)} TB`
      : `${format.number(value / 1000)} GB`,
  W: (value, format) =>
    Math.abs(value) >= 10_000 ? `${format.number(value / 1000)} kW` : `${format.number(value)} W`,
  Wh: (value, format) => `${format.number(value / 1000)} kWh`,
  count: (value, format) => format.number(value),
  bytes: (value, format) => `${format.number(value / 1_000_000)} MB`,
}

/** A value with its unit, or the word for a state. */
export function valueText(
  { words, format }: Speech,
  name: { measurement: string; field: string },
  value: number,
): string {
  const { unit } = shapeOf(name.measurement, name.field)
  if (unit === 'state') {
    const { one, zero } = valueWords(words, name.measurement, name.field)
    return value === 1 ? (one ?? words.yes) : (zero ?? words.no)
  }
  return scaled[unit]?.(value, format) ?? `${format.number(value)} ${unit}`
}
