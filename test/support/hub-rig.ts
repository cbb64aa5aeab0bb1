import { createManualClock, type ManualClock, seconds } from '../../src/core/clock.ts'
import { type Api, enrol, makeAreas, startTestHub, type TestHub } from './hub.ts'
import { until } from './until.ts'
import { connectAgent, type WireAgent } from './wire-agent.ts'

export type HubRig = {
  clock: ManualClock
  hub: TestHub
  api: Api
  areas: Awaited<ReturnType<typeof makeAreas>>
  /** Lets the hub's loops run on its clock until the condition holds. */
  live: <T>(condition: () => Promise<T | undefined | false>, what?: string) => Promise<T>
  /** Everything accepted so far is read, by both readers. */
  settled: () => Promise<unknown>
  /** Enrols an agent, says its birth, and takes all that it has into service. */
  agent: (agentId: string, wish?: AgentWish) => Promise<RigAgent>
  connect: (agentId: string, secret: string, epoch?: string) => Promise<WireAgent>
  /** Stops the hub and starts it again on the same folder, so much later. */
  restart: (downMs: number) => Promise<void>
  alerts: (query?: string) => Promise<AlertItem[]>
  metrics: () => Promise<Record<string, number>>
  end: () => Promise<void>
}

export type AlertItem = {
  id: string
  code: string
  state: string
  assetName: string
  assetId: string
  causeId: string | null
  children: number
}
export type RigAgent = { wire: WireAgent; secret: string; assets: Map<string, string> }
type AgentWish = {
  areaId?: string
  siteId?: string
  inventory?: { unit: string; kind: 'recorder' | 'ups' | 'cabinet'; parts: { part: string }[] }[]
  /** Its own asset stays in commissioning, so that its silence is nobody's alert. */
  maySilent?: boolean
}

export const recorderOf = (channels: number) => [
  {
    unit: 'nvr1',
    kind: 'recorder' as const,
    parts: Array.from({ length: channels }, (_, i) => ({ part: `ch:${i + 1}` })),
  },
]

export const birthWith = (inventory: object[], held: object = {}) =>
  ({
    version: '0.1.0',
    plan: { format: 1 },
    rules: 1,
    capabilities: [],
    inventory,
    held,
  }) as never

function toFigures(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line.startsWith('ansang_'))
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice('ansang_'.length, at), Number(line.slice(at + 1))]
    }),
  )
}

/** A whole hub on a manual clock, with a province. */
export async function startHubRig(settings: Record<string, string> = {}): Promise<HubRig> {
  const clock = createManualClock(Date.parse('2026-11-24T18:00:00+07:00'))
  const hub = await startTestHub({ clock, settings })
  const api = await hub.admin()
  const areas = await makeAreas(api)
  const wires: WireAgent[] = []

  const live: HubRig['live'] = (condition, what = 'the condition') =>
    until(
      async () => {
        await clock.live(seconds(1))
        return condition()
      },
      { what, timeoutMs: 30_000 },
    ) as never
  const connect: HubRig['connect'] = async (agentId, secret, epoch) => {
    const wire = await until(async () => {
      await clock.live(seconds(1))
      const port = rig.hub.ports.mqtt ?? 0
      return connectAgent({ port, agentId, secret, now: clock.now, ...(epoch ? { epoch } : {}) })
    })
    wires.push(wire)
    return wire
  }
  const rig: HubRig = {
    clock,
    hub,
    api,
    areas,
    live,
    connect,
    settled: () =>
      live(async () => {
        const { stateReader, seriesReader } = rig.hub.inside
        return stateReader.caughtUp() && seriesReader.caughtUp()
      }, 'both readers to be done'),
    agent: async (agentId, wish = {}) => {
      const { areaId = areas.commune, siteId, inventory = recorderOf(2) } = wish
      const { secret } = await enrol(rig.hub, rig.api, {
        ...{ areaId, agentId, name: agentId },
        ...(siteId === undefined ? {} : { siteId }),
      })
      const wire = await connect(agentId, secret)
      await wire.send('birth', birthWith(inventory))
      const parts = inventory.flatMap(({ unit, parts: all }) => [
        `${unit}/`,
        ...all.map(({ part }) => `${unit}/${part}`),
      ])
      const assets = await live(async () => {
        const { resolve } = rig.hub.inside.bindings
        const found = parts.map((name): [string, string | undefined] => {
          const [unit = '', part = ''] = name.split('/')
          return [name, resolve(agentId, unit, part, clock.now())?.assetId]
        })
        return found.every(([, id]) => id) && new Map(found as [string, string][])
      }, 'the agent to be adopted')
      const ids = inventory.map(({ unit }) => assets.get(`${unit}/`))
      for (const id of wish.maySilent ? ids : [agentId, ...ids])
        await rig.api.call('POST', `/api/v1/assets/${id}/lifecycle`, { to: 'in-service' })
      return { wire, secret, assets }
    },
    restart: async (downMs) => {
      const { dataDir } = rig.hub
      for (const wire of wires.splice(0)) wire.cut()
      await rig.hub.stopOnly()
      clock.advance(downMs)
      rig.hub = await startTestHub({ clock, settings, dataDir })
      rig.api = await rig.hub.admin()
    },
    alerts: async (query = '') =>
      (await rig.api.call<{ items: AlertItem[] }>('GET', `/api/v1/alerts?limit=500${query}`)).items,
    metrics: async () => toFigures(await (await fetch(`${rig.hub.url}/metrics`)).text()),
    end: async () => {
      for (const wire of wires) wire.cut()
      await rig.hub.end()
    },
  }
  return rig
}
