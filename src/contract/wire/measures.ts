/**
 * Telemetry by name: which measurement a part belongs to and which values it may carry, with
 * units. Everything is stored as a float; states are 0/1, so that `mean` is availability and `min`
 * tells "was it ever off". Names of the series store come from here and nowhere else.
 */
export const measures = {
  recorder: {
    reachable: 'state',
    cpu: 'percent',
    mem: 'percent',
    uptime_s: 'seconds',
    channels_online: 'count',
    channels_total: 'count',
    drift_s: 'seconds',
  },
  disk: { ok: 'state', capacity_mb: 'MB', free_mb: 'MB', used_pct: 'percent' },
  camera: {
    online: 'state',
    video: 'state',
    recording: 'state',
    bitrate_kbps: 'kbit/s',
    fps: 'count',
  },
  ups: {
    on_battery: 'state',
    low: 'state',
    battery_pct: 'percent',
    load_pct: 'percent',
    in_v: 'V',
    out_v: 'V',
    runtime_s: 'seconds',
  },
  cabinet: { comm_ok: 'state', plan_ok: 'state', door_open: 'state' },
  phase: { v: 'V', i: 'A', p: 'W', pf: 'count' },
  meter: { p: 'W', energy_wh: 'Wh', hz: 'Hz' },
  circuit: { on: 'state', desired: 'state', expected_w: 'W', p: 'W' },
  agent: { backlog: 'count', rtt_ms: 'ms', bytes: 'bytes' },
} as const satisfies Record<string, Record<string, string>>

export type Measurement = keyof typeof measures

const byPrefix: Record<string, Measurement> = {
  ch: 'camera',
  disk: 'disk',
  phase: 'phase',
  meter: 'meter',
  circuit: 'circuit',
  agent: 'agent',
}

/** The measurement of a part of a unit; `undefined` for a part this hub does not know. */
export const measurementOf = (kind: string, part: string): Measurement | undefined => {
  const colon = part.indexOf(':')
  if (colon > 0) return byPrefix[part.slice(0, colon)]
  return kind === 'recorder' || kind === 'ups' || kind === 'cabinet' ? kind : undefined
}

/** True when the value is a state (0/1): stored on each change, never averaged away. */
export const isState = (measurement: Measurement, field: string): boolean =>
  (measures[measurement] as Record<string, string>)[field] === 'state'

export const isField = (measurement: Measurement, field: string): boolean =>
  Object.hasOwn(measures[measurement], field)

/**
 * Written by the hub for every ancestor area each five minutes, so that dashboards by area survive
 * moves. Tag: `area`.
 */
export const areaStats = {
  cameras_registered: 'count',
  cameras_monitored: 'count',
  cameras_online: 'count',
  cameras_recording: 'count',
  cameras_unknown: 'count',
  circuits_lit: 'count',
  circuits_dark: 'count',
  circuits_day_burning: 'count',
  alerts_open_critical: 'count',
  alerts_open_high: 'count',
  alerts_open_medium: 'count',
  alerts_open_low: 'count',
} as const
