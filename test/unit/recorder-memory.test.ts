import { describe, expect, test } from 'vitest'
import type { ProxyChannel } from '../../agents/recorder/hikvision-channels.ts'
import type { ParsedDisk } from '../../agents/recorder/hikvision-storage.ts'
import {
  emptyMemory,
  RecorderMemory,
  rememberChannels,
  rememberDisks,
  rememberSerial,
} from '../../agents/recorder/recorder-memory.ts'

const disk = (id: number, changes: Partial<ParsedDisk> = {}): ParsedDisk => ({
  part: `disk:${id}`,
  state: 'ok',
  raw: 'ok',
  bayEmpty: false,
  ...changes,
})
const emptyBay = disk(2, { state: 'fault', raw: 'notexist', bayEmpty: true })
const knows = (...parts: string[]): RecorderMemory => ({ ...emptyMemory, disks: parts })
const states = (seen: { part: string; state: string }[]) =>
  seen.map(({ part, state }) => `${part} ${state}`)

describe('disks', () => {
  test.each([
    ['a new disk is learned', emptyMemory, [disk(1)], ['disk:1 ok']],
    ['a bay that was always empty is nothing', emptyMemory, [disk(1), emptyBay], ['disk:1 ok']],
    [
      'a bay that held a disk is a fault',
      knows('disk:2'),
      [disk(1), emptyBay],
      ['disk:1 ok', 'disk:2 fault'],
    ],
    [
      'a disk that vanished is a fault',
      knows('disk:1', 'disk:2'),
      [disk(1)],
      ['disk:1 ok', 'disk:2 fault'],
    ],
    ['all disks vanished', knows('disk:1'), [], ['disk:1 fault']],
    ['no storage at all is no fault', emptyMemory, [], []],
  ])('%s', (_, memory, value, expected) => {
    expect(states(rememberDisks(memory, { value }).disks)).toEqual(expected)
  })

  test('unread disks are unknown and stay known', () => {
    const memory = knows('disk:1')
    const seen = rememberDisks(memory, { reason: 'deviceBusy' })
    expect(seen.memory).toEqual(memory)
    expect(seen.disks).toEqual([{ part: 'disk:1', state: 'unknown', raw: 'deviceBusy' }])
  })

  test('a missing disk is still missing at the next look', () => {
    const once = rememberDisks(knows('disk:1'), { value: [] })
    expect(states(rememberDisks(once.memory, { value: [] }).disks)).toEqual(['disk:1 fault'])
  })
})

const ip = (id: number, changes: Partial<ProxyChannel> = {}): ProxyChannel => ({
  id,
  online: true,
  empty: false,
  raw: 'connect',
  ...changes,
})
const noInputs = { value: [] }
const used: RecorderMemory = { ...emptyMemory, channels: { 'ch:1': 'ip', 'ch:2': 'ip' } }

describe('channels', () => {
  test.each([
    ['online', [ip(1)], ['ch:1 online']],
    ['offline', [ip(1, { online: false, raw: 'netUnreachable' })], ['ch:1 offline']],
    ['not told', [ip(1, { online: undefined })], ['ch:1 unknown']],
    ['a slot never used', [ip(1), ip(2, { empty: true, online: false })], ['ch:1 online']],
  ])('%s', (_, value, expected) => {
    const seen = rememberChannels(emptyMemory, { proxy: { value }, inputs: noInputs })
    expect(states(seen.channels)).toEqual(expected)
  })

  test('a slot emptied on purpose ends its fault; one that is no longer listed is unknown', () => {
    const proxy = { value: [ip(1, { empty: true, online: false })] }
    const seen = rememberChannels(used, { proxy, inputs: noInputs })
    expect(states(seen.channels)).toEqual(['ch:1 empty', 'ch:2 unknown'])
  })

  test('an unread list leaves its own channels unknown and no others', () => {
    const both: RecorderMemory = { ...emptyMemory, channels: { 'ch:1': 'analog', 'ch:9': 'ip' } }
    const seen = rememberChannels(both, {
      proxy: { reason: 'timeout' },
      inputs: { value: [{ id: 1, signal: true }] },
    })
    expect(seen.channels).toEqual([
      { part: 'ch:1', state: 'online', analog: true },
      { part: 'ch:9', state: 'unknown', raw: 'timeout' },
    ])
  })

  test('an analog input is a camera only after it had a picture', () => {
    const off = { value: [{ id: 1, signal: false, raw: 'NO VIDEO' }] }
    const on = { value: [{ id: 1, signal: true }] }
    const proxy = { value: [] }
    const first = rememberChannels(emptyMemory, { proxy, inputs: off })
    expect(first.channels).toEqual([])
    const second = rememberChannels(first.memory, { proxy, inputs: on })
    const third = rememberChannels(second.memory, { proxy, inputs: off })
    expect(states(third.channels)).toEqual(['ch:1 offline'])
  })

  test('a hybrid recorder that numbers both kinds the same keeps them apart', () => {
    const inputs = { value: [{ id: 1, signal: true }] }
    const first = rememberChannels(emptyMemory, { proxy: { value: [ip(1)] }, inputs })
    expect(states(first.channels)).toEqual(['ch:1 online', 'ch:D1 online'])
    const later = rememberChannels(first.memory, {
      proxy: { value: [ip(1)] },
      inputs: { reason: 'timeout' },
    })
    expect(states(later.channels)).toEqual(['ch:D1 online', 'ch:1 unknown'])
  })
})

describe('the memory itself', () => {
  test('another serial number starts anew, the first one does not', () => {
    const first = rememberSerial(used, 'A')
    expect(first.channels).toEqual(used.channels)
    expect(rememberSerial(first, undefined)).toEqual(first)
    expect(rememberSerial(first, 'B')).toEqual({ ...emptyMemory, serial: 'B' })
  })

  test('survives JSON', () => {
    const memory = { ...used, serial: 'A', disks: ['disk:1'], inputs: [3] }
    expect(RecorderMemory.parse(JSON.parse(JSON.stringify(memory)))).toEqual(memory)
  })

  test('a device that lists thousands does not grow it without end', () => {
    const many = Array.from({ length: 5000 }, (_, id) => id + 1)
    const disks = rememberDisks(emptyMemory, { value: many.map((id) => disk(id)) })
    const channels = rememberChannels(emptyMemory, {
      proxy: { value: many.map((id) => ip(id)) },
      inputs: noInputs,
    })
    expect(disks.memory.disks).toHaveLength(64)
    expect(disks.disks).toHaveLength(64)
    expect(Object.keys(channels.memory.channels)).toHaveLength(512)
    expect(channels.channels).toHaveLength(512)
  })
})
