import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createManualClock, minutes, seconds } from '../../src/core/clock.ts'
import { type Api, enrol, makeAreas, startTestHub, type TestHub } from '../support/hub.ts'
import { until } from '../support/until.ts'
import { connectAgent, type WireAgent } from '../support/wire-agent.ts'

const clock = createManualClock(Date.parse('2026-11-24T18:00:00+07:00'))
let hub: TestHub
let api: Api
let agent: WireAgent
let agentId: string

type Page<T> = { items: T[]; next: string | null }
type AssetItem = {
  id: string
  kind: string
  name: string
  health: string
  healthReason: string | null
  lifecycle: string
}
type AlertItem = { id: string; code: string; state: string; assetName: string }

const assets = (query = '') => api.call<Page<AssetItem>>('GET', `/api/v1/assets${query}`)
const activeAlerts = () => api.call<Page<AlertItem>>('GET', '/api/v1/alerts')
const iso = () => new Date(clock.now()).toISOString()

/** Lets the hub's loops run on its clock until the condition holds. */
const live = async <T>(condition: () => Promise<T | undefined | false>) =>
  until(async () => {
    await clock.live(seconds(1))
    return condition()
  })

beforeAll(async () => {
  hub = await startTestHub({ clock })
  api = await hub.admin()
  const { commune } = await makeAreas(api)
  const enrolled = await enrol(hub, api, {
    areaId: commune,
    agentId: 'xa-an-binh-1',
    name: 'UBND xã An Bình',
  })
  agentId = enrolled.agentId
  agent = await until(() =>
    connectAgent({
      port: hub.ports.mqtt ?? 0,
      agentId,
      secret: enrolled.secret,
      now: clock.now,
    }).catch(async () => {
      await clock.live(seconds(1))
      return undefined
    }),
  )
})
afterAll(async () => {
  await agent.end()
  await hub.end()
})

const inventory = [
  {
    unit: 'nvr1',
    kind: 'recorder' as const,
    label: 'Đầu ghi UBND',
    parts: [
      { part: 'ch:1', label: 'Ngã tư Chợ' },
      { part: 'ch:2', label: 'Cổng trường' },
      { part: 'disk:1' },
    ],
  },
  {
    unit: 'cab1',
    kind: 'cabinet' as const,
    label: 'Tủ 14',
    parts: [{ part: 'circuit:1', label: 'Lộ 1' }],
  },
]
const condition = (code: string, part = 'ch:1') => ({
  unit: 'nvr1',
  part,
  code,
  since: iso(),
  raw: 'netUnreachable',
})
const say = (
  active: ReturnType<typeof condition>[],
  unknown: { unit: string; part?: string }[] = [],
) => agent.send('conditions', { rules: 1, active, unknown })

describe('the thread from a device to an alert, a light and an SLA', () => {
  it('adopts what an agent found as assets in commissioning', async () => {
    await agent.send('birth', {
      version: '0.1.0',
      plan: { format: 1 },
      rules: 1,
      capabilities: [],
      inventory,
      held: {},
    })
    const page = await live(async () => {
      const found = await assets('?limit=100')
      return found.items.length >= 6 && found
    })
    expect(page.items.map(({ kind, name, lifecycle }) => [kind, name, lifecycle])).toEqual(
      expect.arrayContaining([
        ['agent', 'UBND xã An Bình', 'commissioning'],
        ['recorder', 'Đầu ghi UBND', 'commissioning'],
        ['camera', 'Ngã tư Chợ', 'commissioning'],
        ['circuit', 'Lộ 1', 'commissioning'],
      ]),
    )
  })

  it('tells an agent the time when it is born', async () => {
    const sent = await live(async () => agent.received.find((one) => one.channel === 'time'))
    expect(Math.abs(Date.parse((sent.body as { at: string }).at) - clock.now())).toBeLessThan(
      minutes(2),
    )
  })

  it('raises nothing for what is not in service', async () => {
    await say([condition('channel-offline')])
    await live(async () => hub.inside.stateReader.caughtUp())
    expect((await activeAlerts()).items).toEqual([])
  })

  it('opens one alert for a fault in service, and shows telemetry and health', async () => {
    const all = await assets('?limit=100')
    for (const kind of ['agent', 'recorder', 'cabinet']) {
      const asset = all.items.find((one) => one.kind === kind)
      await api.call('POST', `/api/v1/assets/${asset?.id}/lifecycle`, { to: 'in-service' })
    }
    await agent.send('telemetry', {
      samples: [
        {
          unit: 'nvr1',
          kind: 'recorder',
          parts: {
            '': { reachable: 1, cpu: 12 },
            'ch:1': { online: 0 },
            'ch:2': { online: 1 },
            'disk:1': { ok: 1 },
          },
        },
      ],
    })
    await say([condition('channel-offline')])
    await say([condition('channel-offline')])
    const page = await live(async () => {
      const found = await activeAlerts()
      return found.items.length > 0 && found
    })
    expect(page.items.map(({ code, state, assetName }) => [code, state, assetName])).toEqual([
      ['channel-offline', 'open', 'Ngã tư Chợ'],
    ])
    const cameras = await assets('?kind=camera')
    expect(
      cameras.items.map(({ name, health, healthReason }) => [name, health, healthReason]),
    ).toEqual([
      ['Cổng trường', 'ok', null],
      ['Ngã tư Chợ', 'fault', 'channel-offline'],
    ])
  })

  it('keeps an alert open while its channel cannot be judged, and closes it when it is judged well', async () => {
    await say([], [{ unit: 'nvr1' }])
    await live(async () => hub.inside.stateReader.caughtUp())
    expect((await activeAlerts()).items).toHaveLength(1)
    const [alert] = (await activeAlerts()).items
    await api.call('POST', `/api/v1/alerts/${alert?.id}/acknowledge`, { note: 'đang xem' })
    await clock.live(minutes(1))
    await say([])
    await live(async () => (await activeAlerts()).items.length === 0)
    const detail = await api.call<{
      state: string
      acknowledgedBy: string
      history: { what: string }[]
    }>('GET', `/api/v1/alerts/${alert?.id}`)
    expect(detail.state).toBe('resolved')
    expect(detail.acknowledgedBy).toBe('admin')
    expect(detail.history.map((one) => one.what)).toEqual(['opened', 'acknowledged', 'resolved'])
  })

  it('counts the alert in the SLA of its commune and of the province', async () => {
    const rows = await api.call<
      { areaName: string; alerts: number; resolution: { met: number } }[]
    >('GET', '/api/v1/sla/compliance?month=2026-11')
    const byName = Object.fromEntries(
      rows.map((row) => [row.areaName, [row.alerts, row.resolution.met]]),
    )
    expect(byName).toMatchObject({
      'Tỉnh Nghệ An': [1, 1],
      'Xã An Bình': [1, 1],
      'Xã Hòa Lạc': [0, 0],
    })
  })

  it('brings a published program to the cabinet and believes only what the agent says', async () => {
    const areas = await api.call<{ id: string; name: string }[]>('GET', '/api/v1/areas')
    const commune = areas.find((area) => area.name === 'Xã An Bình')?.id
    const segments = [
      { from: { kind: 'clock', at: '18:00' }, to: { kind: 'clock', at: '05:00' }, level: 100 },
    ]
    await api.call('PUT', `/api/v1/areas/${commune}/lighting`, {
      name: 'Mùa đông',
      expectedVersion: 0,
      weekly: [{ weekdays: [1, 2, 3, 4, 5, 6, 7], segments }],
    })
    const desired = await live(async () => {
      const sent = agent.received.filter((one) => one.channel === 'desired')
      return sent.find((one) => JSON.stringify(one.body).includes('Mùa đông'))
    })
    const { plan } = (desired.body as { sections: { plan: { version: number; hash: string } } })
      .sections
    const rollout = () =>
      api.call<{ running: number; waiting: number }>(
        'GET',
        `/api/v1/areas/${commune}/lighting/rollout`,
      )
    expect(await rollout()).toMatchObject({ running: 0, waiting: 1 })
    await agent.send('reported', {
      sections: { plan: { version: plan.version, hash: plan.hash, state: 'accepted' } },
    })
    await live(async () => (await rollout()).running === 1)
  })

  it('calls an agent silent only after it has really been silent while we listened', async () => {
    const before = (await activeAlerts()).items.length
    await clock.live(minutes(2))
    expect((await activeAlerts()).items).toHaveLength(before)
    await live(async () => {
      const { items } = await activeAlerts()
      return items.some((one) => one.code === 'agent-silent')
    })
    await say([])
    await live(async () => (await activeAlerts()).items.length === before)
  })
})
