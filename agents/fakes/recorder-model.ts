import type { z } from 'zod'
import type { InventoryUnit, Sample } from '../../src/contract/wire/messages.ts'
import type { Verdict } from '../../src/faults/judge.ts'
import {
  type ChannelReading,
  type DiskReading,
  judgeRecorder,
  type RecorderReading,
} from '../../src/faults/recorder.ts'

/**
 * A recorder as a plain object: what it is, what it records, what is broken. Tests and the demo
 * change the object; `pages` of the fake server print it as ISAPI, and `collectRecorder` says what
 * a collector would have read, so that a month can be lived without sockets.
 */
export type ModelDisk = {
  id: number
  /** The vendor's word: ok, idle, error, unformatted, reparing … */
  status: string
  capacityMb: number
  freeMb: number
  property: string
  model: string
  /** False: pulled out, the recorder no longer lists it. */
  present: boolean
}

export type ModelSlot = {
  id: number
  name: string
  ip: string
  /** `undefined`: this firmware does not say. */
  online: boolean | undefined
  /** `chanDetectResult`; `notExist` is an empty slot. */
  detect: string
}

export type ModelInput = { id: number; name: string; signal: boolean }

export type RecorderModel = {
  name: string
  model: string
  serial: string
  firmware: string
  build: string
  deviceType: 'NVR' | 'DVR'
  /** False: no power or no network, nobody answers. */
  powered: boolean
  bootedAt: number
  cpu: number
  memUsedMb: number
  memFreeMb: number
  /** How far the recorder's clock is ahead. */
  clockOffsetMs: number
  /** Offset it prints, minutes east. */
  offsetMinutes: number
  /** POSIX zone as printed, with its inverted sign. */
  zone: string
  disks: ModelDisk[]
  slots: ModelSlot[]
  inputs: ModelInput[]
}

export const modelDisk = (id: number, changes: Partial<ModelDisk> = {}): ModelDisk => ({
  id,
  status: 'ok',
  capacityMb: 3_815_447,
  freeMb: 0,
  property: 'RW',
  model: 'ST4000VX016',
  present: true,
  ...changes,
})

export const modelSlot = (id: number, changes: Partial<ModelSlot> = {}): ModelSlot => ({
  id,
  name: `Camera ${String(id).padStart(2, '0')}`,
  ip: `192.0.2.${id % 250}`,
  online: true,
  detect: 'connect',
  ...changes,
})

/** A healthy NVR in its normal steady state: disks full and overwriting. */
export function createRecorderModel(options: {
  name?: string
  serial: string
  bootedAt: number
  channels?: number
  disks?: number
}): RecorderModel {
  const { serial, bootedAt, channels = 4, disks = 1 } = options
  const count = (length: number) => Array.from({ length }, (_, index) => index + 1)
  return {
    name: options.name ?? 'NVR',
    model: 'DS-7608NXI-I2/8P/S',
    serial,
    firmware: 'V4.62.210',
    build: 'build 230619',
    deviceType: 'NVR',
    powered: true,
    bootedAt,
    cpu: 17,
    memUsedMb: 512,
    memFreeMb: 1536,
    clockOffsetMs: 0,
    offsetMinutes: 420,
    zone: 'CST-7:00:00',
    disks: count(disks).map((id) => modelDisk(id)),
    slots: count(channels).map((id) => modelSlot(id)),
    inputs: [],
  }
}

const slotState = ({ online }: ModelSlot): ChannelReading['state'] =>
  online === undefined ? 'unknown' : online ? 'online' : 'offline'

const diskStates: Record<string, DiskReading['state']> = {
  ok: 'ok',
  idle: 'ok',
  normal: 'ok',
  sleeping: 'ok',
  error: 'fault',
  smartFailed: 'fault',
  offline: 'fault',
  unformatted: 'fault',
  reparing: 'busy',
  formating: 'busy',
}

const diskReading = (disk: ModelDisk): DiskReading => ({
  part: `disk:${disk.id}`,
  state: disk.present ? (diskStates[disk.status] ?? 'unknown') : 'fault',
  raw: disk.present ? disk.status : 'missing',
})

/** Inputs without a picture were never in use as far as a newcomer can tell. */
const usedChannels = (model: RecorderModel): ChannelReading[] => [
  ...model.inputs
    .filter(({ signal }) => signal)
    .map(({ id }): ChannelReading => ({ part: `ch:${id}`, state: 'online' })),
  ...model.slots
    .filter(({ detect }) => detect !== 'notExist')
    .map((slot) => ({ part: `ch:${slot.id}`, state: slotState(slot), raw: slot.detect })),
]

/** What a collector that knows this recorder's disks would read now. */
export function readRecorder(model: RecorderModel): RecorderReading {
  return {
    ...(model.powered
      ? { contact: 'answered', login: 'accepted' }
      : { contact: 'none', contactRaw: 'timeout', login: 'unknown' }),
    channels: usedChannels(model),
    disks: model.disks.map(diskReading),
  }
}

type ModelCollected = {
  at: number
  sample: Sample
  verdicts: Verdict[]
  inventory: z.infer<typeof InventoryUnit>
}

/** The outcome of one poll, as a collector hands it to its agent. */
export function collectRecorder(model: RecorderModel, unit: string, at: number): ModelCollected {
  const reading = readRecorder(model)
  return {
    at,
    sample: { at: new Date(at).toISOString(), unit, kind: 'recorder', ...sampleOf(model, at) },
    verdicts: judgeRecorder(reading),
    inventory: inventoryOf(model, unit),
  }
}

const isOn = { online: 1, offline: 0, unknown: null, empty: null } as const
const isOk = { ok: 1, fault: 0, busy: null, unknown: null } as const

function sampleOf(model: RecorderModel, at: number): Pick<Sample, 'parts' | 'reasons'> {
  if (!model.powered) return silentSample(model)
  const channels = usedChannels(model)
  const parts: Sample['parts'] = {
    '': {
      reachable: 1,
      cpu: model.cpu,
      mem: percent(model.memUsedMb, model.memUsedMb + model.memFreeMb),
      uptime_s: Math.max(0, Math.floor((at - model.bootedAt) / 1000)),
      drift_s: model.clockOffsetMs / 1000,
      channels_online: channels.filter(({ state }) => state === 'online').length,
      channels_total: channels.length,
    },
  }
  for (const { part, state } of channels) parts[part] = { online: isOn[state] }
  for (const disk of model.disks) parts[`disk:${disk.id}`] = diskValues(disk)
  return { parts }
}

function diskValues(disk: ModelDisk): Sample['parts'][string] {
  const ok = isOk[diskReading(disk).state]
  if (!disk.present) return { ok }
  const { capacityMb, freeMb } = disk
  const used = capacityMb > 0 ? { used_pct: percent(capacityMb - freeMb, capacityMb) } : {}
  return { ok, capacity_mb: capacityMb, free_mb: freeMb, ...used }
}

/** Not reached: reachable is known, all the rest is not. */
function silentSample(model: RecorderModel): Pick<Sample, 'parts' | 'reasons'> {
  const parts: Sample['parts'] = { '': { reachable: 0, cpu: null, mem: null, uptime_s: null } }
  const reasons: Record<string, string> = {}
  for (const { part } of usedChannels(model)) {
    parts[part] = { online: null }
    reasons[`${part}/online`] = 'no answer'
  }
  return { parts, reasons }
}

const percent = (part: number, whole: number): number => Math.round((10_000 * part) / whole) / 100

function inventoryOf(model: RecorderModel, unit: string): ModelCollected['inventory'] {
  const names = new Map<string, string>([
    ...[...model.inputs, ...model.slots].map(({ id, name }) => [`ch:${id}`, name] as const),
    ...model.disks.map((disk) => [`disk:${disk.id}`, disk.model] as const),
  ])
  const parts = [...usedChannels(model), ...model.disks.map(diskReading)].map(({ part }) => ({
    part,
    label: names.get(part) ?? part,
  }))
  return {
    unit,
    kind: 'recorder',
    label: model.name,
    model: model.model,
    serial: model.serial,
    firmware: `${model.firmware} ${model.build}`,
    parts,
  }
}
