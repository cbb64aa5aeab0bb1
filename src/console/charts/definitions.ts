import type { Words } from '../words/vi.ts'

export type ChartName = keyof Words['charts']['titles']

export type ChartDefinition = {
  name: ChartName
  measurement: string
  fields: readonly string[]
  /** Of a bucket: `min`/`max` keep the worst moment of a state, `mean` smooths a measured value. */
  aggregate: 'mean' | 'min' | 'max' | 'last'
  /** Fixed ends of the scale, for percent and states. */
  range?: readonly [number, number]
}

const state = [-0.05, 1.05] as const
const percent = [0, 100] as const

/** The agent tells about itself under the unit it reads. */
const line: ChartDefinition = {
  name: 'rtt',
  measurement: 'agent',
  fields: ['rtt_ms'],
  aggregate: 'mean',
}

/** What is worth drawing of each kind of device, the most asked first. */
const byKind: Record<string, readonly ChartDefinition[]> = {
  camera: [
    {
      name: 'connection',
      measurement: 'camera',
      fields: ['online'],
      aggregate: 'min',
      range: state,
    },
    {
      name: 'picture',
      measurement: 'camera',
      fields: ['video', 'recording'],
      aggregate: 'min',
      range: state,
    },
    { name: 'bitrate', measurement: 'camera', fields: ['bitrate_kbps'], aggregate: 'mean' },
  ],
  recorder: [
    {
      name: 'connection',
      measurement: 'recorder',
      fields: ['reachable'],
      aggregate: 'min',
      range: state,
    },
    {
      name: 'channels',
      measurement: 'recorder',
      fields: ['channels_online', 'channels_total'],
      aggregate: 'min',
    },
    { name: 'disks', measurement: 'disk', fields: ['used_pct'], aggregate: 'mean', range: percent },
    {
      name: 'load',
      measurement: 'recorder',
      fields: ['cpu', 'mem'],
      aggregate: 'mean',
      range: percent,
    },
    line,
  ],
  ups: [
    { name: 'mains', measurement: 'ups', fields: ['on_battery'], aggregate: 'max', range: state },
    {
      name: 'battery',
      measurement: 'ups',
      fields: ['battery_pct', 'load_pct'],
      aggregate: 'mean',
      range: percent,
    },
    { name: 'voltage', measurement: 'ups', fields: ['in_v', 'out_v'], aggregate: 'mean' },
    { name: 'runtime', measurement: 'ups', fields: ['runtime_s'], aggregate: 'mean' },
  ],
  cabinet: [
    {
      name: 'connection',
      measurement: 'cabinet',
      fields: ['comm_ok'],
      aggregate: 'min',
      range: state,
    },
    { name: 'power', measurement: 'meter', fields: ['p'], aggregate: 'mean' },
    { name: 'phaseVoltage', measurement: 'phase', fields: ['v'], aggregate: 'mean' },
    { name: 'phaseCurrent', measurement: 'phase', fields: ['i'], aggregate: 'mean' },
    line,
  ],
  circuit: [
    {
      name: 'circuit',
      measurement: 'circuit',
      fields: ['on', 'desired'],
      aggregate: 'last',
      range: state,
    },
    { name: 'power', measurement: 'circuit', fields: ['p', 'expected_w'], aggregate: 'mean' },
  ],
}

export const chartsOf = (kind: string): readonly ChartDefinition[] =>
  Object.hasOwn(byKind, kind) ? (byKind[kind] ?? []) : []

export type RangeName = keyof Words['charts']['ranges']
export type Every = keyof Words['time']['each']

const hourMs = 3_600_000

/**
 * Spans with about 300 points. The store keeps at least one sample in five minutes, so a bucket of
 * five or more is empty only when nothing came; six hours are drawn from single samples.
 */
export const ranges: Record<RangeName, { spanMs: number; everyMs?: number; every?: Every }> = {
  h6: { spanMs: 6 * hourMs },
  h24: { spanMs: 24 * hourMs, everyMs: 300_000, every: 'five-minutes' },
  d7: { spanMs: 7 * 24 * hourMs, everyMs: 1_800_000, every: 'half-hour' },
  d30: { spanMs: 30 * 24 * hourMs, everyMs: 7_200_000, every: 'two-hours' },
}
