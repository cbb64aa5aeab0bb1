import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createManualClock, days, hours, minutes, seconds } from '../../src/core/clock.ts'
import { describeOnBoth } from '../support/both-databases.ts'
import { type Api, apiWith, enrol, makeAreas, startTestHub, type TestHub } from '../support/hub.ts'
import { until } from '../support/until.ts'
import { connectAgent, type WireAgent } from '../support/wire-agent.ts'

type Asset = {
  id: string
  name: string
  kind: string
  lifecycle: string
  parentId: string | null
  areaId: string
}
type Alert = { id: string; assetId: string; code: string; state: string }
type Page<T> = { items: T[] }

const clock = createManualClock(Date.parse('2026-11-24T08:00:00+07:00'))
const iso = (at = clock.now()) => new Date(at).toISOString()

/** Lets the hub's loops run on its clock until the condition holds. */
const live = <T>(condition: () => Promise<T>) =>
  until(async () => {
    await clock.live(seconds(1))
    return condition()
  })

describeOnBoth('the register', (newSettings) => {
  let hub: TestHub
  let api: Api
  let area: { province: string; commune: string; other: string; hamlet: string }
  let agent: WireAgent
  const assets = async (query = '') =>
    (await api.call<Page<Asset>>('GET', `/api/v1/assets?limit=100${query}`)).items
  const named = async (name: string) => {
    const found = (await assets()).find((one) => one.name === name)
    if (!found) throw new Error(`there is no ${name}`)
    return found
  }
  const alerts = async (state = 'active') =>
    (await api.call<Page<Alert>>('GET', `/api/v1/alerts?withChildren=true&state=${state}`)).items
  const step = (id: string, to: string) =>
    api.request('POST', `/api/v1/assets/${id}/lifecycle`, { to, reason: 'thử' })
  const inventory = (parts: string[], label = 'Đầu ghi') => [
    {
      unit: 'nvr1',
      kind: 'recorder' as const,
      label,
      parts: parts.map((part) => ({ part, label: `Camera ${part}` })),
    },
  ]
  const born = (units: ReturnType<typeof inventory>) =>
    agent.send('birth', {
      version: '0.1.0',
      plan: { format: 1 },
      rules: 1,
      capabilities: [],
      inventory: units,
      held: {},
    })
  const fault = (part: string) => ({ unit: 'nvr1', part, code: 'channel-offline', since: iso() })
  const say = (...parts: string[]) =>
    agent.send('conditions', { rules: 1, active: parts.map(fault), unknown: [] })

  beforeAll(async () => {
    hub = await startTestHub({ clock, settings: await newSettings() })
    const admin = await hub.admin()
    const { token } = await admin.call<{ token: string }>('POST', '/api/v1/tokens', { name: 'thử' })
    // Days go by in this story; a session would not live through them.
    api = apiWith(hub.url, { authorization: `Bearer ${token}` })
    area = await makeAreas(api)
    const { agentId, secret } = await enrol(hub, api, { areaId: area.commune, agentId: 'tram-1' })
    agent = await live(() =>
      connectAgent({ port: hub.ports.mqtt ?? 0, agentId, secret, now: clock.now }),
    )
  })
  afterAll(async () => {
    await agent.end()
    await hub.end()
  })

  describe('adoption', () => {
    it('makes assets of what an agent found, under their recorder, judged by nobody yet', async () => {
      await born(inventory(['ch:1', 'ch:2', 'disk:1']))
      const found = await live(async () => {
        const all = await assets()
        return all.length === 4 && all
      })
      const recorder = found.find((one) => one.kind === 'recorder')
      const cameras = found.filter((one) => one.kind === 'camera')
      expect(cameras.map((one) => one.parentId)).toEqual([recorder?.id, recorder?.id])
      expect(new Set(found.map((one) => one.lifecycle))).toEqual(new Set(['commissioning']))
      expect(new Set(found.map((one) => one.areaId))).toEqual(new Set([area.commune]))
    })

    it('adds only what is new, and leaves as it is what people have named and moved', async () => {
      const camera = await named('Camera ch:1')
      await api.call('PATCH', `/api/v1/assets/${camera.id}`, {
        name: 'Ngã tư Chợ',
        areaId: area.hamlet,
      })
      await born(inventory(['ch:1', 'ch:2', 'ch:3', 'disk:1'], 'Đầu ghi đã đổi tên'))
      await live(async () => (await assets()).length === 5)
      expect(await named('Ngã tư Chợ')).toMatchObject({ id: camera.id, areaId: area.hamlet })
      expect((await named('Camera ch:3')).parentId).toBe((await named('Đầu ghi')).id)
    })

    it('puts what is found later where the agent is by then', async () => {
      await api.call('PATCH', '/api/v1/assets/tram-1', { areaId: area.other })
      await born(inventory(['ch:1', 'ch:2', 'ch:3', 'ch:4', 'disk:1']))
      const late = await live(() => named('Camera ch:4').catch(() => undefined))
      expect(late.areaId).toBe(area.other)
      await api.call('PATCH', '/api/v1/assets/tram-1', { areaId: area.commune })
    })

    it('forgets nothing that is not found any more', async () => {
      await born(inventory(['ch:1']))
      await live(async () => hub.inside.stateReader.caughtUp())
      expect(await assets()).toHaveLength(6)
    })
  })

  describe('lifecycle', () => {
    it('takes children along where their own step is legal, and keeps every step', async () => {
      const recorder = await named('Đầu ghi')
      const [one, two] = [await named('Ngã tư Chợ'), await named('Camera ch:2')]
      await step(two.id, 'retired')
      expect((await step(recorder.id, 'in-service')).status).toBe(200)
      expect((await named('Ngã tư Chợ')).lifecycle).toBe('in-service')
      expect(await assets('&lifecycle=retired')).toMatchObject([{ id: two.id }])
      clock.step(hours(1))
      await step(recorder.id, 'suspended')
      await step(recorder.id, 'in-service')
      const rows = await hub.inside.db.read((q) =>
        q
          .selectFrom('assetLifecycles')
          .selectAll()
          .where('assetId', '=', one.id)
          .orderBy('fromAt')
          .execute(),
      )
      const states = rows.map((row) => row.state)
      expect(states.sort()).toEqual(['commissioning', 'in-service', 'in-service', 'suspended'])
      expect(rows.filter((row) => row.toAt === null)).toHaveLength(1)
    })

    it.each(['planned', 'commissioning', 'in-service'])(
      'has no step back to %s for what is retired',
      async (to) => {
        const [retired] = await assets('&lifecycle=retired')
        const answer = await step(retired?.id ?? '', to)
        expect([answer.status, (answer.body as { code: string }).code]).toEqual([
          409,
          'register.bad-lifecycle',
        ])
      },
    )

    it('reaches what hangs below what hangs below', async () => {
      const add = (name: string, kind: string, parentId?: string) =>
        api.call<{ id: string }>('POST', '/api/v1/assets', {
          name,
          kind,
          areaId: area.commune,
          ...(parentId ? { parentId } : {}),
        })
      const cabinet = await add('Tủ 14', 'cabinet')
      const circuit = await add('Lộ 1', 'circuit', cabinet.id)
      await add('Nhánh 1', 'line', circuit.id)
      await step(cabinet.id, 'in-service')
      expect((await named('Nhánh 1')).lifecycle).toBe('in-service')
    })
  })

  describe('equipment', () => {
    const install = (assetId: string, device: object) =>
      api.request('POST', `/api/v1/assets/${assetId}/equipment`, device)
    const fittedIn = async (id: string) =>
      (
        await api.call<{ equipment: { serial: string; model: string | null } | null }>(
          'GET',
          `/api/v1/assets/${id}`,
        )
      ).equipment
    const history = (assetId: string) =>
      hub.inside.db.read((q) =>
        q
          .selectFrom('fittings')
          .innerJoin('equipment', 'equipment.id', 'fittings.equipmentId')
          .select(['serial', 'fittedAt', 'removedAt'])
          .where('assetId', '=', assetId)
          .orderBy('fittedAt')
          .execute(),
      )

    it('comes and goes while the position stays, and history tells both', async () => {
      const [here, there] = [await named('Ngã tư Chợ'), await named('Camera ch:3')]
      const first = clock.now()
      await install(here.id, { serial: 'A-1', model: 'DS-2CD', priceVnd: 2_500_000 })
      clock.step(days(1))
      const second = clock.now()
      await install(here.id, { serial: 'A-2', model: 'IPC-HFW' })
      clock.step(days(1))
      const third = clock.now()
      await install(there.id, { serial: 'A-2' })
      expect(await fittedIn(here.id)).toBeNull()
      expect(await fittedIn(there.id)).toMatchObject({ serial: 'A-2', model: 'IPC-HFW' })
      expect(await history(here.id)).toEqual([
        { serial: 'A-1', fittedAt: first, removedAt: second },
        { serial: 'A-2', fittedAt: second, removedAt: third },
      ])
    })

    it('is not fitted in the future, nor before what is known already', async () => {
      const { id } = await named('Camera ch:3')
      const before = await history(id)
      const future = await install(id, { serial: 'A-3', at: iso(clock.now() + minutes(1)) })
      const past = await install(id, { serial: 'A-3', at: iso(clock.now() - days(30)) })
      expect([future.status, past.status]).toEqual([400, 409])
      expect(await history(id)).toEqual(before)
      expect(await fittedIn(id)).toMatchObject({ serial: 'A-2' })
    })
  })

  describe('bindings', () => {
    const bind = (binding: object) =>
      api.request('POST', '/api/v1/bindings', { agentId: 'tram-1', unit: 'nvr1', ...binding })
    const periods = (part: string) =>
      hub.inside.db.read((q) =>
        q
          .selectFrom('bindings')
          .select(['assetId', 'fromAt', 'toAt'])
          .where('agentId', '=', 'tram-1')
          .where('part', '=', part)
          .orderBy('fromAt')
          .execute(),
      )

    it('are exchanged for a period; the old asset keeps its past and the new one gets the fault', async () => {
      const [old, next] = [await named('Ngã tư Chợ'), await named('Camera ch:3')]
      await live(async () => {
        await say('ch:1')
        return (await alerts()).some((one) => one.assetId === old.id)
      })
      await live(async () => (await alerts()).some((one) => one.assetId === old.id))
      const moved = clock.now()
      expect((await bind({ part: 'ch:1', assetId: next.id })).status).toBe(201)
      await live(async () => {
        await say('ch:1')
        const active = await alerts()
        return (
          active.some((one) => one.assetId === next.id && one.code === 'channel-offline') &&
          !active.some((one) => one.assetId === old.id && one.code === 'channel-offline')
        )
      })
      expect((await alerts('resolved')).map((one) => one.assetId)).toContain(old.id)
      expect(await periods('ch:1')).toMatchObject([
        { assetId: old.id, toAt: moved },
        { assetId: next.id, fromAt: moved, toAt: null },
      ])
      const { resolve } = hub.inside.bindings
      expect(resolve('tram-1', 'nvr1', 'ch:1', moved - 1)?.assetId).toBe(old.id)
      expect(resolve('tram-1', 'nvr1', 'ch:1', moved)?.assetId).toBe(next.id)
    })

    it('do not overlap, neither now nor in what is past', async () => {
      const [one, two] = [await named('Ngã tư Chợ'), await named('Camera ch:4')]
      const status = async (from: number, assetId: string) =>
        (await bind({ part: 'ch:7', assetId, from: iso(from) })).status
      const start = clock.now() - hours(5)
      expect(await status(start, one.id)).toBe(201)
      expect(await status(start - 1, two.id)).toBe(409)
      const [first] = await hub.inside.db.read((q) =>
        q.selectFrom('bindings').select('id').where('part', '=', 'ch:7').execute(),
      )
      await api.call('DELETE', `/api/v1/bindings/${first?.id}`)
      expect((await api.request('DELETE', `/api/v1/bindings/${first?.id}`)).status).toBe(404)
      expect(await status(start + hours(1), two.id)).toBe(409)
      expect(await status(clock.now() + 1, two.id)).toBe(400)
      expect(await status(clock.now(), two.id)).toBe(201)
      const rows = await periods('ch:7')
      expect(rows.map((row) => row.assetId)).toEqual([one.id, two.id])
    })

    it('of the same thing change nothing', async () => {
      const { id } = await named('Camera ch:4')
      const before = await periods('ch:7')
      clock.step(hours(1))
      expect((await bind({ part: 'ch:7', assetId: id })).status).toBe(201)
      expect(await periods('ch:7')).toEqual(before)
    })
  })

  describe('the area tree', () => {
    it('is kept as it was at any moment, while rights follow today', async () => {
      const start = clock.now()
      clock.step(days(1))
      await api.call('PATCH', `/api/v1/areas/${area.hamlet}`, {
        parentId: area.other,
        name: 'Thôn Đoài',
      })
      clock.step(days(1))
      const nodeAt = async (at: number) =>
        (await hub.inside.areas.treeAt(at)).find((node) => node.id === area.hamlet)
      expect(await nodeAt(start)).toMatchObject({ parentId: area.commune, name: 'Thôn Đông' })
      expect(await nodeAt(clock.now())).toMatchObject({ parentId: area.other, name: 'Thôn Đoài' })
      const inOther = await assets(`&areaId=${area.other}`)
      expect(inOther.map((one) => one.name)).toContain('Ngã tư Chợ')
    })

    it('survives a clock that is set back', async () => {
      clock.step(days(1))
      const at = clock.now()
      clock.step(-hours(3))
      await api.call('PATCH', `/api/v1/areas/${area.hamlet}`, { name: 'Thôn Nam' })
      clock.step(hours(3))
      for (const moment of [at - hours(2), at, at + 1])
        expect(
          (await hub.inside.areas.treeAt(moment)).filter((n) => n.id === area.hamlet),
        ).toHaveLength(1)
    })

    it('refuses an area inside itself, at any depth, and keeps one parent each', async () => {
      for (const parentId of [area.province, area.other, area.hamlet]) {
        const answer = await api.request('PATCH', `/api/v1/areas/${area.province}`, { parentId })
        expect([answer.status, (answer.body as { code: string }).code]).toEqual([
          422,
          'areas.cycle',
        ])
      }
    })

    it('stays a tree when two move into each other at the same moment', async () => {
      const add = (code: string) =>
        hub.inside.areas.add({ code, name: code, kind: 'zone', parentId: area.province })
      for (let i = 0; i < 5; i += 1) {
        const [one, two] = [await add(`one-${i}`), await add(`two-${i}`)]
        const moves = await Promise.allSettled([
          hub.inside.areas.change(one, { parentId: two }),
          hub.inside.areas.change(two, { parentId: one }),
        ])
        expect(moves.filter((move) => move.status === 'fulfilled')).toHaveLength(1)
      }
    })

    it('takes many new areas at the same moment', async () => {
      const made = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          hub.inside.areas.add({
            code: `new-${i}`,
            name: `Thôn ${i}`,
            kind: 'hamlet',
            parentId: area.other,
          }),
        ),
      )
      const list = await api.call<{ id: string; depth: number }[]>('GET', '/api/v1/areas')
      const found = list.filter((one) => made.includes(one.id))
      expect(found.map((one) => one.depth)).toEqual(made.map(() => 2))
    })
  })
})
