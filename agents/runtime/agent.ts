/**
 * The runtime of an agent: it polls its units, judges them, keeps every record until the hub has
 * it on disk, and holds what the hub wants. It goes on alone for as long as it must; who comes back
 * says what is now before what was. It never believes a clock without a reason, never gives a
 * record's id twice, and never lets one device wait for another.
 */
import { join } from 'node:path'
import { z } from 'zod'
import type { ClockTrust } from '../../src/contract/wire/common.ts'
import { minutes, seconds } from '../../src/core/clock.ts'
import type { Collector, CollectorDeps, SectionHandler } from './collector.ts'
import type { Connection } from './connection.ts'
import { startHubSide } from './hub-side.ts'
import { laneLimits } from './lanes.ts'
import { type Memory, openMemory } from './memory.ts'
import type { AgentOptions } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { OutgoingRecord } from './recorder-of-records.ts'
import { createReporting, type Reporting } from './reporting.ts'
import { createSections, type SectionHandlers } from './sections.ts'
import { createSender, type Sender } from './sender.ts'
import type { Link } from './session.ts'
import { startUnits, type Units } from './units.ts'

export type AgentStatus = {
  connected: boolean
  trust: ClockTrust
  epoch: string
  outbox: ReturnType<Outbox['stats']>
}

export type Agent = {
  /** Resolves when the units run; the hub may be away. Rejects when the folder is taken. */
  start: () => Promise<void>
  /** Sends what it can within some seconds, says goodbye, and leaves everything on disk. */
  stop: () => Promise<void>
  /** `undefined` while it does not run. */
  status: () => AgentStatus | undefined
}

const flushMs = seconds(3)

const ConfigSection = z.object({
  telemetryEveryMs: z.int().min(seconds(1)).max(minutes(60)).optional(),
})

type Parts = {
  memory: Memory
  sender: Sender
  reporting: Reporting
  units: Units
  connection: Connection
  stopping: AbortController
}

function handlersOf(
  { sections = {} }: AgentOptions,
  collectors: readonly Collector[],
  setConfig: SectionHandler,
): SectionHandlers {
  const handlers: Record<string, SectionHandler[]> = { config: [setConfig] }
  for (const some of [sections, ...collectors.map((one) => one.sections ?? {})]) {
    for (const [name, handler] of Object.entries(some)) {
      handlers[name] = [...(handlers[name] ?? []), handler]
    }
  }
  return handlers
}

async function makeCollectors(
  { collectors, config, log }: AgentOptions,
  { time }: Memory,
  pollSoon: (unit: string) => void,
): Promise<readonly Collector[]> {
  if (typeof collectors !== 'function') return collectors
  return collectors((unit): CollectorDeps => {
    const dataDir = join(config.dataDir, unit)
    const unitLog = log.child({ unit })
    const soon = () => pollSoon(unit)
    return { clock: time.clock, log: unitLog, dataDir, clockTrust: time.trust, pollSoon: soon }
  })
}

async function startParts(options: AgentOptions): Promise<Parts> {
  const { config, clock, log, random = Math.random } = options
  const stopping = new AbortController()
  const late: { reporting?: Reporting; sender?: Sender; units?: Units; link?: Link | undefined } =
    {}
  const memory = await openMemory(options, (correction) => {
    late.reporting?.correct(correction)
    late.sender?.wake()
  })
  const { outbox, state, time } = memory
  const limits = { ...laneLimits, backlogPerSecond: config.outbox.backlogPerSecond }
  const sender = createSender({ outbox, limits, clock, log })
  late.sender = sender
  const send = ({ channel, body }: OutgoingRecord) => {
    const n = outbox.add({ channel, stamp: time.stamp(), body })
    if (n !== undefined) sender.added(n)
  }
  const pollSoon = (unit: string) => late.units?.pollSoon(unit)
  const collectors = await makeCollectors(options, memory, pollSoon)
  const setConfig: SectionHandler = async (body) => {
    late.reporting?.pace(ConfigSection.parse(body).telemetryEveryMs ?? config.telemetryEveryMs)
  }
  const handlers = handlersOf(options, collectors, setConfig)
  const sections = createSections({ handlers, state, log })
  const reporting = createReporting({
    collectors,
    version: options.version ?? '0.0.0',
    time,
    outbox,
    state,
    sections,
    clock,
    random,
    isConnected: () => late.link !== undefined,
    own: () => ({
      backlog: outbox.stats().records,
      rtt_ms: late.link ? Math.round(late.link.lastRttMs()) : null,
    }),
    onAdded: sender.added,
    telemetryEveryMs: config.telemetryEveryMs,
  })
  late.reporting = reporting
  const refused = await sections.resume()
  if (Object.keys(refused).length > 0) send({ channel: 'reported', body: { sections: refused } })
  const units = await startUnits({ collectors, reporting, time, clock, log, random })
  late.units = units
  const onLink = (link: Link | undefined) => {
    late.link = link
  }
  const wired = { options, memory, collectors, sections, reporting, sender, send, pollSoon, onLink }
  const connection = startHubSide({ ...wired, stopping: stopping.signal })
  return { memory, sender, reporting, units, connection, stopping }
}

async function stopParts(parts: Parts): Promise<void> {
  parts.stopping.abort()
  await parts.units.stop()
  parts.reporting.stop()
  await parts.sender.flushed(flushMs)
  await parts.connection.stop()
  await parts.memory.close()
}

/** An agent that does nothing until it is started; it can be started once. */
export function createAgent(options: AgentOptions): Agent {
  let starting: Promise<Parts> | undefined
  let running: Parts | undefined
  return {
    start: async () => {
      starting ??= startParts(options)
      running = await starting
    },
    stop: async () => {
      const parts = await starting?.catch(() => undefined)
      if (!parts || !running) return
      running = undefined
      await stopParts(parts)
    },
    status: () => {
      if (!running) return undefined
      const { memory, connection } = running
      return {
        connected: connection.isConnected(),
        trust: memory.time.trust(),
        epoch: memory.outbox.epoch(),
        outbox: memory.outbox.stats(),
      }
    },
  }
}
