import type { Pages } from './hikvision-pages.ts'
import type { SystemStatus } from './hikvision-system.ts'
import { driftSeconds, readInstant, type Zone } from './hikvision-time.ts'
import type { Page } from './isapi-page.ts'
import {
  type Read,
  type RecorderMemory,
  rememberChannels,
  rememberDisks,
  rememberSerial,
} from './recorder-memory.ts'
import { type Fact, known, type RecorderSnapshot, unknown } from './snapshot.ts'

/** Pages of one poll and what the recorder has shown before, as one snapshot. Pure. */
export type Seen = {
  snapshot: Pick<RecorderSnapshot, 'channels' | 'disks' | 'disksAreFresh' | 'system'>
  memory: RecorderMemory
}

export type SystemContext = {
  /** CPU has been above zero: many NVRs print 0 for "not measured". */
  cpuMeasured: boolean
  agentClockTrusted: boolean
}

const readOf = <T>(page: Page<T>): Read<T> =>
  'value' in page ? { value: page.value } : { reason: page.reason }

export function see(pages: Pages, before: RecorderMemory, context: SystemContext): Seen {
  const info = pages.info.page
  const serial = 'value' in info ? info.value.serial : undefined
  const known = rememberSerial(before, serial)
  const channels = rememberChannels(known, {
    proxy: readOf(pages.proxy),
    inputs: readOf(pages.inputs),
  })
  const disks = rememberDisks(channels.memory, readOf(pages.storage.page))
  return {
    memory: disks.memory,
    snapshot: {
      channels: channels.channels,
      disks: disks.disks,
      disksAreFresh: pages.storage.fresh,
      system: systemFacts(pages, context),
    },
  }
}

const zoneOf = ({ time }: Pages): Zone | undefined =>
  'value' in time.page ? time.page.value.zone : undefined

function systemFacts(pages: Pages, context: SystemContext): RecorderSnapshot['system'] {
  const { status } = pages
  // A page this model does not have is not asked for; that is no gap in the measurements.
  if ('reason' in status && status.absent) return driftOnly(pages, context)
  const fact = (name: keyof SystemStatus & ('cpu' | 'mem' | 'uptimeS')): Fact => {
    if ('reason' in status) return unknown(status.reason)
    const value = status.value[name]
    return value === undefined ? unknown('not told') : known(value)
  }
  const cpu = fact('cpu')
  return {
    cpu: cpu.value === 0 && !context.cpuMeasured ? unknown('always 0, not measured') : cpu,
    mem: fact('mem'),
    uptime_s: fact('uptimeS'),
    ...driftOnly(pages, context),
  }
}

/** The clock is printed on the status page; where that page is missing, the time page has it. */
function driftOnly(pages: Pages, context: SystemContext): RecorderSnapshot['system'] {
  const { status, time } = pages
  const printed =
    'value' in status && status.value.deviceTime !== undefined
      ? { ...status, text: status.value.deviceTime }
      : 'value' in time.page && time.fresh
        ? { ...time.page, text: time.page.value.localTime }
        : undefined
  if (!printed) return {}
  return { drift_s: driftFact(printed, zoneOf(pages), context) }
}

const slowestRttMs = 5000

function driftFact(
  printed: { text: string; sentAt: number; rttMs: number },
  zone: Zone | undefined,
  context: SystemContext,
): Fact {
  if (!context.agentClockTrusted) return unknown('clock of the agent is not trusted')
  if (printed.rttMs > slowestRttMs) return unknown('answer too slow to judge the clock')
  const deviceMs = readInstant(printed.text, zone)
  if (deviceMs === undefined) return unknown('unreadable time')
  return known(driftSeconds(deviceMs, printed.sentAt + printed.rttMs / 2, zone))
}
