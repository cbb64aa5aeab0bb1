import { z } from 'zod'
import type { ProxyChannel, VideoInput } from './hikvision-channels.ts'
import type { ParsedDisk } from './hikvision-storage.ts'
import type { ChannelSnapshot, DiskSnapshot } from './snapshot.ts'

/**
 * What a recorder has shown before, so that what vanishes is seen: a disk that was there is
 * missing, an analog input that had a picture has lost it, while a bay or an input that was always
 * empty is nothing. Pure; kept across restarts by the collector.
 */
export const RecorderMemory = z.object({
  serial: z.exactOptional(z.string()),
  disks: z.array(z.string()),
  channels: z.record(z.string(), z.enum(['ip', 'analog'])),
  /** Numbers of the analog inputs, with and without a picture. */
  inputs: z.array(z.number()),
})
export type RecorderMemory = z.infer<typeof RecorderMemory>

export const emptyMemory: RecorderMemory = { disks: [], channels: {}, inputs: [] }

/** What was read, or why it was not. */
export type Read<T> = { value: T } | { reason: string }

const most = { disks: 64, channels: 512 }

/** A recorder with another serial number starts with an empty memory. */
export function rememberSerial(memory: RecorderMemory, serial: string | undefined): RecorderMemory {
  if (serial === undefined || memory.serial === serial) return memory
  return memory.serial === undefined ? { ...memory, serial } : { ...emptyMemory, serial }
}

export function rememberDisks(
  memory: RecorderMemory,
  read: Read<readonly ParsedDisk[]>,
): { memory: RecorderMemory; disks: DiskSnapshot[] } {
  if ('reason' in read) return { memory, disks: allDisksUnknown(memory, read.reason) }
  const learned = new Set(memory.disks)
  const listed = read.value.filter(({ part, bayEmpty }) => !bayEmpty || learned.has(part))
  const here = new Set(listed.map(({ part }) => part))
  const missing = memory.disks
    .filter((part) => !here.has(part))
    .map((part): DiskSnapshot => ({ part, state: 'fault', raw: 'missing' }))
  const disks = [...new Set([...memory.disks, ...here])].slice(0, most.disks)
  return { memory: { ...memory, disks }, disks: [...listed.slice(0, most.disks), ...missing] }
}

export const allDisksUnknown = (memory: RecorderMemory, reason: string): DiskSnapshot[] =>
  memory.disks.map((part) => ({ part, state: 'unknown', raw: reason }))

export const allChannelsUnknown = (memory: RecorderMemory, reason: string): ChannelSnapshot[] =>
  Object.keys(memory.channels).map((part) => ({ part, state: 'unknown', raw: reason }))

const withRaw = (raw: string | undefined) => (raw === undefined ? {} : { raw })

function proxySnapshot(channel: ProxyChannel, part: string, wasUsed: boolean): ChannelSnapshot[] {
  const { online, raw } = channel
  if (channel.empty) return wasUsed ? [{ part, state: 'empty', ...withRaw(raw) }] : []
  const state = online === undefined ? 'unknown' : online ? 'online' : 'offline'
  return [{ part, state, ...withRaw(raw) }]
}

function inputSnapshot(input: VideoInput, part: string, wasUsed: boolean): ChannelSnapshot[] {
  const { signal, raw } = input
  if (signal === false && !wasUsed) return []
  const state = signal === undefined ? 'unknown' : signal ? 'online' : 'offline'
  return [{ part, state, analog: true, ...withRaw(raw) }]
}

/** The part of an IP channel; a hybrid recorder may number its analog inputs the same. */
export const proxyPart = (memory: RecorderMemory, id: number): string =>
  memory.inputs.includes(id) ? `ch:D${id}` : `ch:${id}`

export const inputPart = (id: number): string => `ch:${id}`

export function rememberChannels(
  before: RecorderMemory,
  read: { proxy: Read<readonly ProxyChannel[]>; inputs: Read<readonly VideoInput[]> },
): { memory: RecorderMemory; channels: ChannelSnapshot[] } {
  const inputs = 'value' in read.inputs ? read.inputs.value : []
  const memory = {
    ...before,
    inputs: [...new Set([...before.inputs, ...inputs.map(({ id }) => id)])].slice(0, most.channels),
  }
  const seen = {
    analog: inputs.flatMap((one) => {
      const part = inputPart(one.id)
      return inputSnapshot(one, part, before.channels[part] === 'analog')
    }),
    ip: ('value' in read.proxy ? read.proxy.value : []).flatMap((one) => {
      const part = proxyPart(memory, one.id)
      return proxySnapshot(one, part, before.channels[part] === 'ip')
    }),
  }
  const reasons = {
    analog: 'reason' in read.inputs ? read.inputs.reason : 'no longer listed',
    ip: 'reason' in read.proxy ? read.proxy.reason : 'no longer listed',
  }
  const here = new Set([...seen.analog, ...seen.ip].map(({ part }) => part))
  const unseen = Object.entries(before.channels)
    .filter(([part]) => !here.has(part))
    .map(([part, kind]): ChannelSnapshot => ({ part, state: 'unknown', raw: reasons[kind] }))
  const learned = Object.fromEntries(
    [
      ...Object.entries(before.channels),
      ...seen.analog.map(({ part }) => [part, 'analog'] as const),
      ...seen.ip.map(({ part }) => [part, 'ip'] as const),
    ].slice(0, most.channels),
  )
  return {
    memory: { ...memory, channels: learned },
    channels: [...seen.analog, ...seen.ip, ...unseen].slice(0, most.channels),
  }
}
