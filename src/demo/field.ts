/**
 * The devices on real sockets and the agents beside them, on loopback: Hikvision recorders, UPSs
 * behind upsd and cabinets on Modbus, each spoken to by a real agent over MQTT. What is without
 * power closes its port; an agent without power goes without a goodbye.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { createCollectors } from '../../agents/drivers.ts'
import { createFakeCabinet } from '../../agents/fakes/cabinet.ts'
import { createHikvisionFake } from '../../agents/fakes/hikvision.ts'
import { createNutFake } from '../../agents/fakes/nut.ts'
import { type Agent, createAgent } from '../../agents/runtime/agent.ts'
import type { Collector } from '../../agents/runtime/collector.ts'
import { type AgentConfig, completeConfig, parseSettings } from '../../agents/runtime/config.ts'
import { dial } from '../../agents/runtime/dial.ts'
import { openState } from '../../agents/runtime/state.ts'
import { seconds, systemClock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { FaultCode } from '../faults/catalogue.ts'
import type { VirtualAgent } from './virtual-agent.ts'
import type { CabinetSite, RecorderSite, Site, World } from './world.ts'

/** Holds for eyes that wait: what the catalogue lets last for minutes counts in seconds here. */
const demoHolds: Partial<Record<FaultCode, number>> = {
  'recorder-unreachable': seconds(15),
  'channel-offline': seconds(10),
  'disk-fault': 0,
  'ups-on-battery': seconds(5),
  'ups-unmonitored': seconds(15),
  'lights-not-burning': seconds(10),
  'day-burning': seconds(30),
  'meter-unreachable': seconds(20),
}

const everyMs = { recorder: seconds(15), ups: seconds(10), cabinet: seconds(10) }
const telemetryEveryMs = seconds(15)

/** One device on its socket. */
type Device = {
  /** Settings of its unit in the agent. */
  unit: object
  /** Opens or closes as the world has it. */
  sync: () => Promise<void>
  close: () => Promise<void>
}

type Ports = { world: World; folder: string }

async function recorderDevice({ plan, model }: RecorderSite, { folder }: Ports): Promise<Device> {
  const login = { username: 'giamsat', password: `mat-khau-${plan.serial}` }
  const fake = await createHikvisionFake({ model, clock: systemClock, rules: login })
  const passwordFile = join(folder, `${plan.agentId}.password`)
  writeFileSync(passwordFile, login.password, { mode: 0o600 })
  return {
    unit: {
      unit: 'nvr1',
      driver: 'hikvision',
      url: fake.url,
      username: login.username,
      passwordFile,
      everyMs: everyMs.recorder,
    },
    sync: () => fake.power(model.powered),
    close: fake.close,
  }
}

async function upsDevice({ ups }: RecorderSite): Promise<Device[]> {
  if (!ups) return []
  const { port, close } = await createNutFake({ upses: { ups } })
  const unit = { unit: 'ups1', driver: 'nut', host: '127.0.0.1', port, ups: 'ups' }
  return [{ unit: { ...unit, everyMs: everyMs.ups }, sync: async () => {}, close }]
}

async function cabinetDevice(site: CabinetSite, { world }: Ports): Promise<Device> {
  const { agentId } = site.plan
  const fake = await createFakeCabinet({ model: site.model, clock: systemClock })
  let isOpen = true
  const { meter, relays } = site.unit
  const port = fake.port()
  return {
    unit: {
      ...site.unit,
      meter: { ...meter, port },
      relays: { ...relays, port },
      everyMs: everyMs.cabinet,
    },
    sync: async () => {
      fake.setLine('meter', world.meterAnswers(agentId) ? {} : { noAnswer: true })
      const mains = world.hasMains(agentId)
      if (mains && !isOpen) await fake.start()
      if (!mains && isOpen) await fake.stop()
      isOpen = mains
    },
    close: async () => {
      if (isOpen) await fake.stop()
    },
  }
}

const openDevices = async (site: Site, ports: Ports): Promise<Device[]> =>
  'unit' in site
    ? [await cabinetDevice(site, ports)]
    : [await recorderDevice(site, ports), ...(await upsDevice(site))]

const impatient = (collector: Collector): Collector => ({
  ...collector,
  collect: async (signal) => {
    const collected = await collector.collect(signal)
    const verdicts = collected.verdicts.map((one) => ({
      holdMs: demoHolds[one.code] ?? seconds(30),
      ...one,
    }))
    return { ...collected, verdicts }
  },
})

type Runner = {
  start: () => Promise<void>
  /** The power is gone: no goodbye. */
  kill: () => Promise<void>
  stop: () => Promise<void>
  isConnected: () => boolean
}

/** An agent that can be cut off and started again on the same folder, as a board can. */
function createRunner(config: AgentConfig, log: Log): Runner {
  let agent: Agent | undefined
  let stream: Duplex | undefined
  let hasPower = false

  const connect = async (): Promise<Duplex> => {
    if (!hasPower) throw new Error('no power')
    stream = await dial(config.hub.url, {})
    return stream
  }
  const stop = async () => {
    const last = agent
    agent = undefined
    await last?.stop()
  }
  return {
    start: async () => {
      if (agent) return
      hasPower = true
      agent = createAgent({
        config,
        clock: systemClock,
        log: log.child({ agentId: config.agentId }),
        version: '0.1.0',
        connect,
        // The hub runs on the same clock.
        timeSource: async () => ({ ntpSynced: true, rtc: true }),
        collectors: async (depsFor) => {
          const collectors = await createCollectors(config.units, depsFor)
          return collectors.map(impatient)
        },
      })
      await agent.start()
    },
    kill: async () => {
      hasPower = false
      stream?.destroy()
      await stop()
    },
    stop,
    isConnected: () => agent?.status()?.connected ?? false,
  }
}

/** Puts what the agent knew at the end of the month where the real one finds it. */
function handOver(agent: VirtualAgent, about: { dataDir: string; lineage: string; log: Log }) {
  mkdirSync(about.dataDir, { recursive: true, mode: 0o700 })
  const state = openState(about.dataDir, about.log)
  for (const { unit, memory, inventory } of agent.memories()) {
    state.set(`judge.${unit}`, memory)
    if (inventory) state.set(`inventory.${unit}`, inventory)
  }
  const plan = agent.heldPlan()
  if (plan) state.set('section.plan', { lineage: about.lineage, ...plan })
  state.close()
}

export type Field = {
  /** Brings sockets and agents in line with the world. */
  sync: () => Promise<void>
  connected: () => number
  stop: () => Promise<void>
}

export async function openField(options: {
  world: World
  agents: ReadonlyMap<string, VirtualAgent>
  secrets: ReadonlyMap<string, string>
  lineage: string
  mqttPort: number
  folder: string
  log: Log
}): Promise<Field> {
  const { world, agents, secrets, lineage, mqttPort, folder, log } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const devices = new Map<string, Device[]>()
  const runners = new Map<string, Runner>()

  const place = async (site: Site) => {
    const { agentId } = site.plan
    const opened = await openDevices(site, { world, folder })
    devices.set(agentId, opened)
    const secretFile = join(folder, `${agentId}.secret`)
    writeFileSync(secretFile, secrets.get(agentId) ?? '', { mode: 0o600 })
    const dataDir = join(folder, agentId)
    const settings = parseSettings({
      agentId,
      hub: { url: `mqtt://127.0.0.1:${mqttPort}`, secretFile },
      dataDir,
      telemetryEveryMs,
      units: opened.map(({ unit }) => unit),
    })
    const virtual = agents.get(agentId)
    if (virtual) handOver(virtual, { dataDir, lineage, log })
    runners.set(agentId, createRunner(completeConfig(settings), log))
  }
  const sync = async () => {
    for (const site of world.sites.values()) {
      const { agentId } = site.plan
      for (const device of devices.get(agentId) ?? []) await device.sync()
      const runner = runners.get(agentId)
      await (world.isAlive(agentId) ? runner?.start() : runner?.kill())
    }
  }
  const stop = async () => {
    await Promise.all([...runners.values()].map((one) => one.stop()))
    await Promise.all([...devices.values()].flat().map((one) => one.close()))
  }
  try {
    for (const site of world.sites.values()) await place(site)
    await sync()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    sync,
    connected: () => [...runners.values()].filter((one) => one.isConnected()).length,
    stop,
  }
}
