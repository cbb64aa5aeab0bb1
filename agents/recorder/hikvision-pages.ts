import { type Clock, hours, minutes } from '../../src/core/clock.ts'
import {
  type ChannelName,
  type ProxyChannel,
  parseProxyNames,
  parseProxyStatus,
  parseVideoInputs,
  type VideoInput,
} from './hikvision-channels.ts'
import { type ParsedDisk, parseStorage } from './hikvision-storage.ts'
import {
  type DeviceInfo,
  parseDeviceInfo,
  parseSystemStatus,
  type SystemStatus,
} from './hikvision-system.ts'
import { type DeviceTime, parseTime } from './hikvision-time.ts'
import type { Poll } from './isapi-asker.ts'
import type { Page } from './isapi-page.ts'

/**
 * Which ISAPI pages one poll asks for. Status and channels each time; what changes slowly is asked
 * seldom and then carried over. A slow page that could not be read is due again at the next poll.
 */
export type Pages = {
  status: Page<SystemStatus>
  inputs: Page<VideoInput[]>
  proxy: Page<ProxyChannel[]>
  storage: Slow<ParsedDisk[]>
  time: Slow<DeviceTime>
  names: Slow<ChannelName[]>
  info: Slow<DeviceInfo>
}
/** `fresh`: asked in this poll; otherwise carried over from an earlier one. */
export type Slow<T> = { page: Page<T>; fresh: boolean }

const paths = {
  status: '/ISAPI/System/status',
  inputs: '/ISAPI/System/Video/inputs/channels',
  proxy: '/ISAPI/ContentMgmt/InputProxy/channels/status',
  names: '/ISAPI/ContentMgmt/InputProxy/channels',
  storage: '/ISAPI/ContentMgmt/Storage',
  hdds: '/ISAPI/ContentMgmt/Storage/hdd',
  time: '/ISAPI/System/time',
  info: '/ISAPI/System/deviceInfo',
} as const

const mostSingleChannels = 64

const isAbsent = (page: Page<unknown>): boolean => 'reason' in page && page.absent === true

/** Asks a page when it is due and keeps the last answer in between. */
export function createSlowPage<T>(clock: Clock, everyMs: number) {
  let last: { page: Page<T>; at: number } | undefined
  return {
    forget: () => {
      last = undefined
    },
    /** `soon` asks in this poll whatever the schedule says. */
    read: async (ask: () => Promise<Page<T>>, soon = false): Promise<Slow<T>> => {
      const isKept = last && 'value' in last.page && clock.monotonic() - last.at < everyMs
      if (last && isKept && !soon) return { page: last.page, fresh: false }
      last = { page: await ask(), at: clock.monotonic() }
      return { page: last.page, fresh: !('skipped' in last.page) }
    },
  }
}

/** Firmware without the list answers for single channels. */
async function askProxy(poll: Poll, names: Page<ChannelName[]>): Promise<Page<ProxyChannel[]>> {
  const list = await poll.ask(paths.proxy, parseProxyStatus)
  if (!isAbsent(list) || !('value' in names) || names.value.length === 0) return list
  const found: ProxyChannel[] = []
  let last: Page<ProxyChannel[]> = list
  for (const { id } of names.value.slice(0, mostSingleChannels)) {
    last = await poll.ask(`${paths.names}/${id}/status`, parseProxyStatus)
    if ('value' in last) found.push(...last.value)
  }
  return 'value' in last ? { ...last, value: found } : last
}

async function askStorage(poll: Poll): Promise<Page<ParsedDisk[]>> {
  const whole = await poll.ask(paths.storage, parseStorage)
  return isAbsent(whole) ? poll.ask(paths.hdds, parseStorage) : whole
}

export type PageReader = {
  read: (poll: Poll) => Promise<Pages>
  /** A part appeared: its name is worth a question at the next poll. */
  forgetNames: () => void
  forget: () => void
}

export function createPageReader(clock: Clock): PageReader {
  const slow = {
    storage: createSlowPage<ParsedDisk[]>(clock, minutes(5)),
    time: createSlowPage<DeviceTime>(clock, hours(1)),
    names: createSlowPage<ChannelName[]>(clock, hours(24)),
    info: createSlowPage<DeviceInfo>(clock, hours(24)),
  }
  let diskInDoubt = false

  return {
    forgetNames: () => slow.names.forget(),
    forget: () => {
      for (const page of Object.values(slow)) page.forget()
    },
    read: async (poll) => {
      const status = await poll.ask(paths.status, parseSystemStatus)
      const inputs = await poll.ask(paths.inputs, parseVideoInputs)
      const names = await slow.names.read(() => poll.ask(paths.names, parseProxyNames))
      const proxy = await askProxy(poll, names.page)
      // While a disk is not well its fault must be seen twice, and its end soon.
      const storage = await slow.storage.read(() => askStorage(poll), diskInDoubt)
      const disks = 'value' in storage.page ? storage.page.value : []
      diskInDoubt = disks.some(({ state }) => state !== 'ok')
      const time = await slow.time.read(() => poll.ask(paths.time, parseTime))
      // A poll in which everything else was skipped or carried over must still prove contact.
      const isIdle = poll.asked() === 0
      const askInfo = () => (isIdle ? poll.probe : poll.ask)(paths.info, parseDeviceInfo)
      const info = await slow.info.read(askInfo, isIdle)
      return { status, inputs, names, proxy, storage, time, info }
    },
  }
}
