import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Grant, roles } from '../../src/contract/api/access.ts'
import { describeOnBoth } from '../support/both-databases.ts'
import type { Api } from '../support/hub.ts'
import { openLive } from '../support/live.ts'
import { type Commune, makeTwoCommunes, secretMark, type World } from '../support/two-communes.ts'
import { until } from '../support/until.ts'

type Request = { path: string; body?: unknown }
type Probe = (target: Commune, world: World) => Request[]

const now = () => new Date().toISOString()
const month = () => now().slice(0, 7)
const at =
  (path: string): Probe =>
  () => [{ path }]
const segments = [
  {
    from: { kind: 'sun', event: 'sunset', offsetMin: 0 },
    to: { kind: 'clock', at: '22:00' },
    level: 100,
  },
]
const weekly = [{ weekdays: [1, 2, 3, 4, 5, 6, 7], segments }]
const idsOf = (one: Commune): string[] => [
  one.area,
  one.hamlet,
  one.site,
  one.agent,
  one.recorder,
  ...one.cameras,
  one.cabinet,
  one.circuit,
  ...one.alerts,
  one.binding,
]

/** How somebody would ask each route for what is not theirs. A new route needs its line here. */
const reads: Record<string, Probe> = {
  'GET /api/v1/areas': at('/api/v1/areas'),
  'GET /api/v1/areas/summary': at('/api/v1/areas/summary'),
  'GET /api/v1/assets': (t, w) =>
    [
      '',
      '?limit=500',
      `?areaId=${t.area}`,
      `?areaId=${w.province}&limit=500`,
      `?parentId=${t.recorder}`,
      `?search=${secretMark}`,
      '?search=mat',
      '?search=%25',
      '?health=fault',
      '?lifecycle=in-service&kind=camera',
      `?cursor=${Buffer.from(JSON.stringify(['', t.recorder])).toString('base64url')}`,
    ].map((query) => ({ path: `/api/v1/assets${query}` })),
  'GET /api/v1/assets/{id}': (t) => idsOf(t).map((id) => ({ path: `/api/v1/assets/${id}` })),
  'GET /api/v1/assets/{id}/series': (t) =>
    idsOf(t).flatMap((id) =>
      ['camera&fields=online', 'area_stats&fields=cameras_registered'].map((what) => ({
        path: `/api/v1/assets/${id}/series?from=2020-01-01T00:00:00Z&to=${now()}&measurement=${what}`,
      })),
    ),
  'GET /api/v1/agents': (t) => [
    { path: '/api/v1/agents?limit=500' },
    { path: `/api/v1/agents?areaId=${t.area}` },
    { path: `/api/v1/agents?cursor=${Buffer.from('["a"]').toString('base64url')}` },
  ],
  'GET /api/v1/alerts': (t, w) =>
    [
      '?limit=500',
      '?state=all&withChildren=true',
      `?areaId=${t.area}&state=all`,
      `?areaId=${w.province}&state=all`,
      `?assetId=${t.cameras[0]}&state=all`,
      `?causeId=${t.alerts[0]}&state=all`,
    ].map((query) => ({ path: `/api/v1/alerts${query}` })),
  'GET /api/v1/alerts/{id}': (t) => t.alerts.map((id) => ({ path: `/api/v1/alerts/${id}` })),
  'GET /api/v1/lighting': at('/api/v1/lighting'),
  'GET /api/v1/areas/{id}/lighting': (t) => [{ path: `/api/v1/areas/${t.area}/lighting` }],
  'GET /api/v1/areas/{id}/lighting/rollout': (t) => [
    { path: `/api/v1/areas/${t.area}/lighting/rollout` },
  ],
  'GET /api/v1/sites': at('/api/v1/sites'),
  'GET /api/v1/contracts': at('/api/v1/contracts'),
  'GET /api/v1/sla/compliance': (t) => [
    { path: `/api/v1/sla/compliance?month=${month()}` },
    { path: `/api/v1/sla/compliance?month=${month()}&areaId=${t.area}` },
  ],
  'GET /api/v1/sla/clocks': (t) => [
    { path: `/api/v1/sla/clocks?month=${month()}` },
    { path: `/api/v1/sla/clocks?month=${month()}&areaId=${t.area}` },
  ],
}

/** Deeds on or with what is of the other commune; each must change nothing. */
const writes: Record<string, (target: Commune, own: Commune, world: World) => Request[]> = {
  'POST /api/v1/assets': (t, own, w) => {
    const asset = { kind: 'camera', name: 'Camera lạ', areaId: own.area }
    return [
      { ...asset, areaId: t.area },
      { ...asset, areaId: w.province },
      { ...asset, siteId: t.site },
      { ...asset, parentId: t.recorder },
      { ...asset, contractId: w.otherContract },
      { ...asset, id: t.cameras[0] },
    ].map((body) => ({ path: '/api/v1/assets', body }))
  },
  'PATCH /api/v1/assets/{id}': (t, own, w) => [
    ...[t.recorder, ...t.cameras, t.cabinet, t.circuit, t.agent].map((id) => ({
      path: `/api/v1/assets/${id}`,
      body: { name: 'Đã chiếm' },
    })),
    ...[{ areaId: t.area }, { siteId: t.site }, { contractId: w.otherContract }].map((body) => ({
      path: `/api/v1/assets/${own.cameras[0]}`,
      body,
    })),
  ],
  'POST /api/v1/assets/{id}/lifecycle': (t) =>
    [t.recorder, t.cabinet].map((id) => ({
      path: `/api/v1/assets/${id}/lifecycle`,
      body: { to: 'retired' },
    })),
  'POST /api/v1/assets/{id}/equipment': (t, own, w) => [
    { path: `/api/v1/assets/${t.cabinet}/equipment`, body: { serial: 'SN-new' } },
    // Not even by naming the serial number of a device that is fitted there.
    { path: `/api/v1/assets/${own.recorder}/equipment`, body: { serial: `SN-${t.agent}` } },
    {
      path: `/api/v1/assets/${own.recorder}/equipment`,
      body: { serial: 'SN-new', contractId: w.otherContract },
    },
  ],
  'POST /api/v1/bindings': (t, own) =>
    [
      { agentId: own.agent, unit: 'nvr1', part: 'ch:1', assetId: t.cameras[0] },
      { agentId: t.agent, unit: 'nvr1', part: 'ch:1', assetId: own.cameras[0] },
      { agentId: own.agent, unit: 'nvr1', part: 'ch:9', assetId: own.cameras[0] },
    ].map((body) => ({ path: '/api/v1/bindings', body })),
  'DELETE /api/v1/bindings/{id}': (t) => [{ path: `/api/v1/bindings/${t.binding}` }],
  'POST /api/v1/sites': (t) => [
    { path: '/api/v1/sites', body: { name: 'Điểm lạ', areaId: t.area } },
  ],
  'POST /api/v1/contracts': () => [
    { path: '/api/v1/contracts', body: { code: 'HD-9', name: 'x', contractor: 'x' } },
  ],
  'POST /api/v1/claims': (t, own) =>
    [
      { name: 'Trạm lạ', areaId: t.area },
      { name: 'Trạm lạ', areaId: own.area, siteId: t.site },
      { name: 'Trạm lạ', areaId: own.area, agentId: t.agent },
    ].map((body) => ({ path: '/api/v1/claims', body })),
  'POST /api/v1/agents/{id}/secret': (t) => [
    { path: `/api/v1/agents/${t.agent}/secret`, body: {} },
  ],
  'PUT /api/v1/agents/{id}/certificate': (t) => [
    { path: `/api/v1/agents/${t.agent}/certificate`, body: { fingerprint256: null } },
  ],
  'POST /api/v1/agents/{id}/revoke': (t) => [
    { path: `/api/v1/agents/${t.agent}/revoke`, body: {} },
  ],
  'POST /api/v1/alerts/{id}/acknowledge': (t) =>
    t.alerts.map((id) => ({ path: `/api/v1/alerts/${id}/acknowledge`, body: { note: 'x' } })),
  'POST /api/v1/alerts/{id}/resolve': (t) =>
    t.alerts.map((id) => ({ path: `/api/v1/alerts/${id}/resolve`, body: {} })),
  'PUT /api/v1/areas/{id}/lighting': (t) => [
    {
      path: `/api/v1/areas/${t.area}/lighting`,
      body: { name: 'Tắt hết', weekly, expectedVersion: 1 },
    },
  ],
  'POST /api/v1/areas': (t) => [
    { path: '/api/v1/areas', body: { code: 'x', name: 'x', kind: 'hamlet', parentId: t.area } },
    { path: '/api/v1/areas', body: { code: 'x', name: 'x', kind: 'province', parentId: null } },
  ],
  'PATCH /api/v1/areas/{id}': (t, own) => [
    { path: `/api/v1/areas/${t.area}`, body: { parentId: own.area } },
    { path: `/api/v1/areas/${t.hamlet}`, body: { parentId: own.area } },
  ],
  'PUT /api/v1/sla/calendars': () => [
    {
      path: '/api/v1/sla/calendars',
      body: {
        id: 'x',
        name: 'x',
        version: 0,
        timeZone: 'UTC',
        weekly: [{ weekday: 1, from: '08:00', to: '17:00' }],
        dates: [],
      },
    },
  ],
  'PUT /api/v1/sla/policies': () => [
    {
      path: '/api/v1/sla/policies',
      body: {
        id: 'x',
        name: 'x',
        version: 0,
        calendarId: 'default',
        targets: [{ severity: 'high', responseMin: 1, resolutionMin: 1 }],
      },
    },
  ],
}

/** Kept by who may do it everywhere: whoever has an area or a contract is refused. */
const everywhereOnly: Record<string, Request> = {
  'GET /api/v1/users': { path: '/api/v1/users' },
  'POST /api/v1/users': {
    path: '/api/v1/users',
    body: { username: 'thief', name: 'x', password: 'a good long one', grants: [] },
  },
  'PATCH /api/v1/users/{id}': { path: '/api/v1/users/x', body: { name: 'x' } },
  'GET /api/v1/audit': { path: '/api/v1/audit' },
  'GET /api/v1/notify/targets': { path: '/api/v1/notify/targets' },
  'POST /api/v1/notify/targets': {
    path: '/api/v1/notify/targets',
    body: { name: 'x', kind: 'webhook', address: 'https://evil.example/' },
  },
  'PATCH /api/v1/notify/targets/{id}': {
    path: '/api/v1/notify/targets/x',
    body: { enabled: false },
  },
  'GET /api/v1/notify/deliveries': { path: '/api/v1/notify/deliveries' },
}

/** Routes where there is no place to see: why not. */
const placeless: Record<string, string> = {
  'GET /healthz': 'nothing but ok',
  'GET /readyz': 'names of the parts that are down',
  'GET /metrics': 'counts without names',
  'GET /api/v1/status': 'the hub itself',
  'POST /api/v1/session': 'signing in',
  'GET /api/v1/session': 'who asks',
  'DELETE /api/v1/session': 'who asks',
  'PUT /api/v1/session/password': 'who asks',
  'GET /api/v1/tokens': 'tokens of who asks',
  'POST /api/v1/tokens': 'tokens of who asks',
  'DELETE /api/v1/tokens/{id}': 'tokens of who asks',
  'POST /api/v1/enrolments': 'the claim code is the right',
  'POST /api/v1/lighting/preview': 'computes what is sent',
  'POST /api/v1/owners': 'owners have no place; only their id comes back',
  'GET /api/v1/sla/calendars': 'rules of the whole province',
  'GET /api/v1/sla/policies': 'rules of the whole province',
  'GET /api/v1/live': 'has tests of its own below',
}

/** Everything the hub knows, but for what a refused request may leave: sessions and the audit. */
async function everything({ hub }: World): Promise<string> {
  const tables = [
    'areas',
    'areaVersions',
    'areaClosure',
    'sites',
    'contracts',
    'assets',
    'assetLifecycles',
    'equipment',
    'fittings',
    'bindings',
    'agents',
    'claims',
    'alerts',
    'alertHistory',
    'lightingPrograms',
    'slaCalendars',
    'slaPolicies',
    'notifyTargets',
    'users',
    'roleGrants',
  ] as const
  const rows = await hub.inside.db.read(async (q) => {
    const all: [string, string[]][] = []
    for (const table of tables) {
      const found = await q.selectFrom(table).selectAll().execute()
      all.push([table, found.map((row) => JSON.stringify(row)).sort()])
    }
    return all
  })
  return JSON.stringify(rows)
}

const codeOf = (body: unknown) => (body as { code?: string }).code

describeOnBoth('who may see what', (newSettings) => {
  let world: World
  beforeAll(async () => {
    world = await makeTwoCommunes(await newSettings())
    // A camera of the other commune that hangs on our recorder: seen by its own people only.
    await world.admin.call('POST', '/api/v1/assets', {
      kind: 'camera',
      name: `Camera biên ${secretMark}`,
      areaId: world.b.area,
      parentId: world.a.recorder,
      lifecycle: 'in-service',
    })
  })
  afterAll(() => world.end())

  it('has a probe for every route of the API', async () => {
    const document = await world.admin.call<{ paths: Record<string, object> }>(
      'GET',
      '/api/openapi.json',
    )
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const probed = { ...reads, ...writes, ...everywhereOnly, ...placeless }
    expect(routes.sort()).toEqual(Object.keys(probed).sort())
  })

  const leaks = (text: string, forbidden: readonly string[]) =>
    forbidden.filter((one) => text.includes(one))

  /** Asks every route in every way; returns what came back and should not have. */
  async function steal(api: Api, forbidden: readonly string[]) {
    const stolen: { path: string; found: string[] }[] = []
    for (const probe of Object.values(reads)) {
      for (const { path } of [...probe(world.b, world), ...probe(world.a, world)]) {
        const { status, body } = await api.request('GET', path)
        expect(status, path).toBeLessThan(500)
        const found = status < 300 ? leaks(JSON.stringify(body), forbidden) : []
        if (found.length > 0) stolen.push({ path, found })
      }
    }
    return stolen
  }

  describe.each(roles)('a %s of one commune', (role) => {
    it('reads nothing of the other', async () => {
      const api = await world.as([{ role, areaId: world.a.area, contractId: null }])
      expect(await steal(api, [secretMark, ...idsOf(world.b), world.otherContract])).toEqual([])
      const { items } = await api.call<{ items: unknown[] }>('GET', '/api/v1/assets?limit=100')
      expect(items).toHaveLength(6)
    })
  })

  it('shows by contract what is in the contract and nothing beside it', async () => {
    const api = await world.as([{ role: 'admin', areaId: null, contractId: world.contract }])
    const { b } = world
    const names = ['Ngã tư', 'Tủ', 'Lộ', 'Đầu ghi', 'Điểm', 'Trạm', 'Chương trình', 'Hợp đồng']
    const forbidden = [
      ...names.map((name) => `${name} ${secretMark}`),
      b.cameras[0],
      b.cabinet,
      b.circuit,
      world.otherContract,
    ]
    expect(await steal(api, forbidden)).toEqual([])
    const { items } = await api.call<{ items: { id: string }[] }>('GET', '/api/v1/assets')
    expect(items.map((one) => one.id).sort()).toEqual([world.a.cameras[1], b.cameras[1]].sort())
    const alerts = await api.call<{ items: { assetId: string }[] }>('GET', '/api/v1/alerts')
    expect(alerts.items.map((one) => one.assetId).sort()).toEqual(
      [world.a.cameras[1], b.cameras[1]].sort(),
    )
  })

  it('shows nothing to who has no grant', async () => {
    const api = await world.as([])
    for (const path of ['/api/v1/assets', '/api/v1/alerts', '/api/v1/areas', '/api/v1/sites'])
      expect((await api.request('GET', path)).status).toBe(403)
  })

  it.each(['area', 'contract'] as const)(
    'lets no administrator by %s change anything elsewhere',
    async (kind) => {
      const { a, b, contract } = world
      const grant: Grant = {
        role: 'admin',
        areaId: kind === 'area' ? a.area : null,
        contractId: kind === 'contract' ? contract : null,
      }
      const api = await world.as([grant])
      const before = await everything(world)
      const done: string[] = []
      for (const [route, probe] of Object.entries(writes)) {
        const method = route.split(' ')[0] ?? ''
        for (const { path, body } of probe(b, a, world)) {
          // The contract covers the other commune's second camera: that one is rightly theirs.
          if (kind === 'contract' && JSON.stringify([path, body]).includes(b.cameras[1])) continue
          if (kind === 'contract' && path.includes(b.alerts[0] ?? '')) continue
          if (kind === 'contract' && path.includes(b.alerts[1] ?? '')) continue
          // Their own camera to their own further channel is allowed to who has the area.
          if (kind === 'area' && JSON.stringify(body ?? '').includes('ch:9')) continue
          const answer = await api.request(method, path, body)
          const isRefused = [403, 404, 409].includes(answer.status)
          if (!isRefused) done.push(`${method} ${path} ${JSON.stringify(body)} → ${answer.status}`)
        }
      }
      expect(done).toEqual([])
      expect(await everything(world)).toBe(before)
    },
  )

  it.each(Object.entries(everywhereOnly))(
    '%s is refused to an area administrator',
    async (...args) => {
      const [route, { path, body }] = args
      const api = await world.as([{ role: 'admin', areaId: world.a.area, contractId: null }])
      const answer = await api.request(route.split(' ')[0] ?? '', path, body)
      expect([answer.status, codeOf(answer.body)]).toEqual([403, 'access.forbidden'])
    },
  )

  it('answers for what is elsewhere exactly as for what does not exist', async () => {
    const api = await world.as([{ role: 'admin', areaId: world.a.area, contractId: null }])
    const nothing = 'nothing-here'
    const ghost: Commune = {
      ...world.b,
      area: nothing,
      hamlet: nothing,
      site: nothing,
      agent: nothing,
      recorder: nothing,
      cameras: [nothing, nothing],
      cabinet: nothing,
      circuit: nothing,
      alerts: [nothing, nothing],
      binding: nothing,
    }
    const different: unknown[] = []
    const compare = async (method: string, real: Request, unreal: Request) => {
      const [one, two] = [
        await api.request(method, real.path, real.body),
        await api.request(method, unreal.path, unreal.body),
      ]
      const same = one.status === two.status && codeOf(one.body) === codeOf(two.body)
      if (!same) different.push([method, real, one.body, two.body])
    }
    const byId = Object.entries(reads).filter(([route]) => route.includes('{id}'))
    for (const [, probe] of byId) {
      const unreal = probe(ghost, world)
      for (const [i, real] of probe(world.b, world).entries())
        await compare('GET', real, unreal[i] ?? real)
    }
    for (const [route, probe] of Object.entries(writes)) {
      if (!route.includes('{id}') || route.includes('equipment')) continue
      const own = { ...world.a, cameras: [nothing, nothing] as [string, string] }
      const unreal = probe(ghost, own, world)
      for (const [i, real] of probe(world.b, own, world).entries())
        await compare(route.split(' ')[0] ?? '', real, unreal[i] ?? real)
    }
    expect(different).toEqual([])
  })

  it('moves no child of the other commune when ours changes its state', async () => {
    const api = await world.as([{ role: 'admin', areaId: world.a.area, contractId: null }])
    const step = (to: string) =>
      api.call('POST', `/api/v1/assets/${world.a.recorder}/lifecycle`, { to })
    await step('suspended')
    const stateOf = async (query: string) =>
      (
        await world.admin.call<{ items: { name: string; lifecycle: string }[] }>(
          'GET',
          `/api/v1/assets?parentId=${world.a.recorder}&${query}`,
        )
      ).items.map((one) => one.lifecycle)
    expect(await stateOf(`areaId=${world.b.area}`)).toEqual(['in-service'])
    expect(await stateOf(`areaId=${world.a.area}`)).toEqual(['suspended', 'suspended'])
    await step('in-service')
  })

  describe('the live stream', () => {
    const touch = (commune: Commune, note: string) =>
      world.admin.call('PATCH', `/api/v1/assets/${commune.cameras[0]}`, { name: note })
    const speak = ({ wire }: Commune) =>
      wire.send('telemetry', {
        samples: [{ unit: 'nvr1', kind: 'recorder', parts: { 'ch:1': { online: 0, fps: 7 } } }],
      })

    it('brings the own commune and nothing of the other, also what was missed', async () => {
      const api = await world.as([{ role: 'viewer', areaId: world.a.area, contractId: null }])
      const watched = [...world.a.cameras, ...world.b.cameras].join(',')
      const first = await openLive(world.hub.url, api, { assets: watched })
      const reset = await until(() => first.messages.find((one) => one.event === 'reset'))
      await touch(world.b, `Ngã tư ${secretMark}`)
      await speak(world.b)
      await speak(world.a)
      await touch(world.a, 'Ngã tư Công')
      await until(() => first.messages.some((one) => one.event === 'asset.changed'))
      await until(() =>
        first.messages.some((one) => one.event === 'telemetry' && /7/.test(one.data)),
      )
      first.close()
      const lineage = (reset.id ?? '').split(':')[0]
      const second = await openLive(world.hub.url, api, {
        assets: watched,
        lastEventId: `${lineage}:0`,
      })
      await until(() => second.messages.some((one) => one.event === 'asset.changed'))
      await until(() => second.messages.some((one) => one.event === 'telemetry'))
      second.close()
      const text = JSON.stringify([first.messages, second.messages])
      expect(leaks(text, [secretMark, ...idsOf(world.b)])).toEqual([])
    })

    it('brings events of a contract to who keeps it', async () => {
      const { a, b, contract } = world
      const api = await world.as([{ role: 'technician', areaId: null, contractId: contract }])
      const live = await openLive(world.hub.url, api, { assets: b.cameras.join(',') })
      await touch(b, `Ngã tư ${secretMark}`)
      await world.admin.call('PATCH', `/api/v1/assets/${b.cameras[1]}`, { critical: true })
      const seen = await until(() => live.messages.find((one) => one.event === 'asset.changed'))
      live.close()
      expect(seen.data).toContain(b.cameras[1])
      expect(leaks(JSON.stringify(live.messages), [a.cameras[0], b.cameras[0]])).toEqual([])
    })

    it('ends when the rights of who listens change', async () => {
      const api = await world.as([{ role: 'viewer', areaId: world.a.area, contractId: null }])
      const live = await openLive(world.hub.url, api)
      const users = await world.admin.call<{ id: string; username: string }[]>(
        'GET',
        '/api/v1/users',
      )
      const mine = await api.call<{ user: { id: string } }>('GET', '/api/v1/session')
      const other = users.find((one) => one.username === 'user-1')
      await world.admin.call('PATCH', `/api/v1/users/${other?.id}`, { name: 'Khác' })
      await touch(world.a, 'Ngã tư Công')
      await until(() => live.messages.some((one) => one.event === 'asset.changed'))
      expect(live.ended()).toBe(false)
      await world.admin.call('PATCH', `/api/v1/users/${mine.user.id}`, { disabled: true })
      await until(() => live.ended(), { what: 'the stream of a disabled user to end' })
    })

    it('ends when a watched asset leaves the area', async () => {
      const api = await world.as([{ role: 'viewer', areaId: world.a.area, contractId: null }])
      const camera = world.a.cameras[0]
      const live = await openLive(world.hub.url, api, { assets: camera })
      await world.admin.call('PATCH', `/api/v1/assets/${camera}`, { areaId: world.b.area })
      await until(() => live.ended(), { what: 'the stream to end' })
      await world.admin.call('PATCH', `/api/v1/assets/${camera}`, { areaId: world.a.area })
    })

    it('tells users about users only who keeps them', async () => {
      const viewer = await world.as([{ role: 'viewer', areaId: null, contractId: null }])
      const live = await openLive(world.hub.url, viewer)
      await world.as([])
      await touch(world.a, 'Ngã tư Công')
      await until(() => live.messages.some((one) => one.event === 'asset.changed'))
      live.close()
      expect(live.messages.filter((one) => one.event.startsWith('user.'))).toEqual([])
    })
  })

  it('moves rights with the area, and its agents with it', async () => {
    const { a, b, admin, province } = world
    const api = await world.as([{ role: 'technician', areaId: a.area, contractId: null }])
    const count = async (path: string) =>
      (await api.call<{ items: unknown[] }>('GET', path)).items.length
    const before = [await count('/api/v1/assets?limit=100'), await count('/api/v1/agents')]
    await admin.call('PATCH', `/api/v1/areas/${b.area}`, { parentId: a.area })
    const joined = [await count('/api/v1/assets?limit=100'), await count('/api/v1/agents')]
    expect(joined).toEqual([(before[0] ?? 0) + 7, (before[1] ?? 0) + 1])
    await admin.call('PATCH', `/api/v1/areas/${b.area}`, { parentId: province })
    expect([await count('/api/v1/assets?limit=100'), await count('/api/v1/agents')]).toEqual(before)
  })

  it('shows an agent where its asset stands, not where it was enrolled', async () => {
    const { a, b, admin } = world
    const ours = await world.as([{ role: 'technician', areaId: a.area, contractId: null }])
    const theirs = await world.as([{ role: 'technician', areaId: b.area, contractId: null }])
    const agents = async (api: Api) =>
      (await api.call<{ items: { id: string }[] }>('GET', '/api/v1/agents')).items.map((x) => x.id)
    await admin.call('PATCH', `/api/v1/assets/${a.agent}`, { areaId: b.area })
    expect([await agents(ours), await agents(theirs)]).toEqual([[], [a.agent, b.agent]])
    await admin.call('PATCH', `/api/v1/assets/${a.agent}`, { areaId: a.area })
  })

  it('does not let an id be chosen to read the figures of an area', async () => {
    const api = await world.as([{ role: 'admin', areaId: world.a.area, contractId: null }])
    const id = world.b.hamlet
    await api.request('POST', '/api/v1/assets', {
      id,
      kind: 'camera',
      name: 'Bẫy',
      areaId: world.a.area,
    })
    const { status } = await api.request(
      'GET',
      `/api/v1/assets/${id}/series?from=2020-01-01T00:00:00Z&to=${now()}&measurement=area_stats&fields=cameras_registered`,
    )
    expect(status).toBe(400)
  })
})
