import type { Grant } from '../../src/contract/api/access.ts'
import { type Api, enrol, makeAreas, startTestHub, type TestHub } from './hub.ts'
import { until } from './until.ts'
import { connectAgent, type WireAgent } from './wire-agent.ts'

/** Stands in every name of what belongs to the other commune: it must never be read. */
export const secretMark = 'Mật'
export const password = 'nobody guesses this one'

type Item = { id: string; name: string; kind: string }

/** What one commune has, with all its ids. */
export type Commune = {
  area: string
  hamlet: string
  site: string
  agent: string
  agentSecret: string
  recorder: string
  cameras: [string, string]
  cabinet: string
  circuit: string
  /** One alert of its own cause, one of the second camera. */
  alerts: string[]
  binding: string
  wire: WireAgent
}

export type World = {
  hub: TestHub
  admin: Api
  province: string
  a: Commune
  b: Commune
  /** Its assets: the second camera of each commune. */
  contract: string
  otherContract: string
  /** A session of a new user with these grants. */
  as: (grants: Grant[]) => Promise<Api>
  end: () => Promise<void>
}

const inventory = (mark: string) => [
  {
    unit: 'nvr1',
    kind: 'recorder' as const,
    label: `Đầu ghi ${mark}`,
    parts: [
      { part: 'ch:1', label: `Ngã tư ${mark}` },
      { part: 'ch:2', label: `Cổng trường ${mark}` },
    ],
  },
  {
    unit: 'cab1',
    kind: 'cabinet' as const,
    label: `Tủ ${mark}`,
    parts: [{ part: 'circuit:1', label: `Lộ ${mark}` }],
  },
]

type Page<T> = { items: T[] }
const assetsIn = (api: Api, area: string) =>
  api.call<Page<Item>>('GET', `/api/v1/assets?areaId=${area}&limit=100`)
const alertsIn = (api: Api, area: string) =>
  api.call<Page<{ id: string }>>('GET', `/api/v1/alerts?areaId=${area}&state=all`)

/** An agent with a recorder, two cameras and a cabinet, in service, with two faults. */
async function makeCommune(
  hub: TestHub,
  api: Api,
  about: { area: string; hamlet: string; agentId: string; mark: string },
): Promise<Commune> {
  const { area, hamlet, agentId, mark } = about
  const { id: site } = await api.call<Item>('POST', '/api/v1/sites', {
    name: `Điểm ${mark}`,
    areaId: area,
    feeder: `Lộ 471 ${mark}`,
  })
  const { secret } = await enrol(hub, api, {
    areaId: area,
    agentId,
    name: `Trạm ${mark}`,
    siteId: site,
  })
  const wire = await until(() =>
    connectAgent({ port: hub.ports.mqtt ?? 0, agentId, secret, now: Date.now }),
  )
  const say = { version: '0.1.0', plan: { format: 1 }, rules: 1, capabilities: [], held: {} }
  await wire.send('birth', { ...say, inventory: inventory(mark) })
  const found = await until(async () => {
    const { items } = await assetsIn(api, area)
    return items.length >= 6 && items
  })
  const idOf = (name: string) => found.find((one) => one.name === `${name} ${mark}`)?.id ?? ''
  for (const name of ['Trạm', 'Đầu ghi', 'Tủ'])
    await api.call('POST', `/api/v1/assets/${idOf(name)}/lifecycle`, { to: 'in-service' })
  const since = new Date().toISOString()
  const raw = `lỗi ${mark}`
  await until(async () => {
    await wire.send('conditions', {
      rules: 1,
      unknown: [],
      active: ['ch:1', 'ch:2'].map((part) => ({
        unit: 'nvr1',
        part,
        code: 'channel-offline',
        since,
        raw,
      })),
    })
    return (await alertsIn(api, area)).items.length === 2
  })
  const values = { 'ch:1': { online: 0 }, 'ch:2': { online: 0 } }
  await wire.send('telemetry', { samples: [{ unit: 'nvr1', kind: 'recorder', parts: values }] })
  await api.call('POST', `/api/v1/assets/${idOf('Đầu ghi')}/equipment`, {
    serial: `SN-${agentId}`,
    model: `DS-7616 ${mark}`,
    supplier: `Nhà cung cấp ${mark}`,
  })
  const segments = [
    {
      from: { kind: 'sun', event: 'sunset', offsetMin: 0 },
      to: { kind: 'clock', at: '22:00' },
      level: 100,
    },
  ]
  await api.call('PUT', `/api/v1/areas/${area}/lighting`, {
    name: `Chương trình ${mark}`,
    expectedVersion: 0,
    weekly: [{ weekdays: [1, 2, 3, 4, 5, 6, 7], segments }],
  })
  const binding = await hub.inside.db.read((q) =>
    q
      .selectFrom('bindings')
      .select('id')
      .where('assetId', '=', idOf('Ngã tư'))
      .executeTakeFirstOrThrow(),
  )
  return {
    area,
    hamlet,
    site,
    agent: agentId,
    agentSecret: secret,
    recorder: idOf('Đầu ghi'),
    cameras: [idOf('Ngã tư'), idOf('Cổng trường')],
    cabinet: idOf('Tủ'),
    circuit: idOf('Lộ'),
    alerts: (await alertsIn(api, area)).items.map((one) => one.id),
    binding: binding.id,
    wire,
  }
}

/** Two communes of one province, alike to the last screw; everything of the second one is marked. */
export async function makeTwoCommunes(settings: Record<string, string>): Promise<World> {
  const hub = await startTestHub({ settings })
  const admin = await hub.admin()
  const { province, commune, other, hamlet } = await makeAreas(admin)
  const area = (body: object) => admin.call<Item>('POST', '/api/v1/areas', body)
  const { id: otherHamlet } = await area({
    code: '40-b-1',
    name: `Thôn ${secretMark}`,
    kind: 'hamlet',
    parentId: other,
  })
  await admin.call('PATCH', `/api/v1/areas/${other}`, { name: `Xã ${secretMark}` })
  const a = await makeCommune(hub, admin, {
    area: commune,
    hamlet,
    agentId: 'agent-a',
    mark: 'Công',
  })
  const b = await makeCommune(hub, admin, {
    area: other,
    hamlet: otherHamlet,
    agentId: 'agent-b',
    mark: secretMark,
  })
  const contractOf = (code: string, name: string) =>
    admin.call<Item>('POST', '/api/v1/contracts', { code, name, contractor: name })
  const { id: contract } = await contractOf('HD-1', 'Hợp đồng chung')
  const { id: otherContract } = await contractOf('HD-2', `Hợp đồng ${secretMark}`)
  for (const commune of [a, b])
    await admin.call('PATCH', `/api/v1/assets/${commune.cameras[1]}`, { contractId: contract })
  let users = 0
  return {
    hub,
    admin,
    province,
    a,
    b,
    contract,
    otherContract,
    as: async (grants) => {
      users += 1
      const username = `user-${users}`
      const user = { username, name: `Người ${users}`, password, language: 'vi' as const, grants }
      await hub.inside.users.add(user, null)
      return hub.api(username, password)
    },
    end: async () => {
      await Promise.all([a.wire.end(), b.wire.end()])
      await hub.end()
    },
  }
}
