import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hours } from '../../src/core/clock.ts'
import { type Api, enrol, makeAreas, startTestHub, type TestHub } from '../support/hub.ts'
import { birthWith, recorderOf } from '../support/hub-rig.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { requirePart } from '../support/real-parts.ts'
import { startRestlessAgent } from '../support/restless-agent.ts'
import { until } from '../support/until.ts'
import { connectAgent } from '../support/wire-agent.ts'

const program = requirePart('postgres')
const agentIds = Array.from({ length: 6 }, (_, i) => `agent-${i}`)

describe.runIf(program)('two hubs on one PostgreSQL', () => {
  let server: TestPostgres
  let hubs: [TestHub, TestHub]
  let api: Api
  const made = new Map<string, { secret: string; camera: string }>()

  beforeAll(async () => {
    server = await startPostgres(program ?? '')
    const settings = { ANSANG_DB_URL: await server.createDatabase() }
    const first = await startTestHub({ settings })
    await expect(startTestHub({ settings })).rejects.toThrow('Copy secret.key')
    const dataDir = mkdtempSync(join(tmpdir(), 'ansang-hub-'))
    copyFileSync(join(first.dataDir, 'secret.key'), join(dataDir, 'secret.key'))
    hubs = [first, await startTestHub({ settings, dataDir })]
    api = await first.admin()
    const { commune } = await makeAreas(api)
    for (const agentId of agentIds) {
      const { secret } = await enrol(first, api, { areaId: commune, agentId })
      made.set(agentId, { secret, camera: '' })
    }
  })
  afterAll(async () => {
    for (const hub of hubs) await hub.stopOnly()
    for (const { dataDir } of hubs) rmSync(dataDir, { recursive: true, force: true })
    await server.stop()
  })

  const portOf = (i: number) => hubs[i % 2]?.ports.mqtt ?? 0
  const secretOf = (agentId: string) => made.get(agentId)?.secret ?? ''
  const settled = () =>
    until(
      () =>
        hubs.every(({ inside }) => inside.stateReader.caughtUp() && inside.seriesReader.caughtUp()),
      {
        what: 'both hubs to have read everything',
        timeoutMs: 60_000,
      },
    )
  const presence = async () =>
    new Map(
      (await hubs[0].inside.db.read((q) => q.selectFrom('presence').selectAll().execute())).map(
        (row) => [row.agentId, row],
      ),
    )

  it('adopts each agent once, whichever hub it comes to, and both know what is bound', async () => {
    for (const [i, agentId] of agentIds.entries()) {
      for (const hub of [i, i + 1]) {
        const wire = await until(() =>
          connectAgent({ port: portOf(hub), agentId, secret: secretOf(agentId), now: Date.now }),
        )
        await wire.send('birth', birthWith(recorderOf(1)))
        await wire.end()
      }
    }
    await settled()
    for (const agentId of agentIds) {
      const [a, b] = await until(() => {
        const found = hubs.map((hub) =>
          hub.inside.bindings.resolve(agentId, 'nvr1', 'ch:1', Date.now()),
        )
        return found.every((one) => one !== undefined) && found
      })
      expect(a?.assetId).toBe(b?.assetId)
      made.set(agentId, { secret: secretOf(agentId), camera: a?.assetId ?? '' })
      const recorder = hubs[0].inside.bindings.resolve(agentId, 'nvr1', '', Date.now())?.assetId
      await api.call('POST', `/api/v1/assets/${recorder}/lifecycle`, { to: 'in-service' })
    }
    const cameras = await api.call<{ items: unknown[] }>(
      'GET',
      '/api/v1/assets?kind=camera&limit=100',
    )
    expect(cameras.items).toHaveLength(agentIds.length)
  })

  it('counts each record once while agents move between them, and keeps one alert each', async () => {
    const from = Date.now() - hours(20)
    const turns = agentIds.map((_, i) => i)
    const agents = agentIds.map((agentId, i) =>
      startRestlessAgent({
        ...{ agentId, secret: secretOf(agentId), epoch: `${i}`.padStart(12, 'b'), from },
        port: () => portOf(turns[i] ?? 0),
      }),
    )
    const total = () => agents.reduce((sum, agent) => sum + agent.acknowledged(), 0)
    for (let round = 0; round < 12; round += 1) {
      const goal = total() + 60
      await until(() => total() >= goal, { what: 'load', timeoutMs: 60_000 })
      const mover = round % agentIds.length
      turns[mover] = (turns[mover] ?? 0) + 1
      // The old connection breaks; the next one goes to the other hub.
      for (const hub of hubs) hub.inside.broker?.disconnect(agentIds[mover] ?? '', 'moved')
    }
    await Promise.all(agents.map((agent) => agent.stop()))
    await settled()
    const { db } = hubs[0].inside
    for (const [i, agentId] of agentIds.entries()) {
      const intake = await db.read((q) =>
        q.selectFrom('intake').selectAll().where('agentId', '=', agentId).executeTakeFirstOrThrow(),
      )
      const [[first, last] = [], ...holes] = JSON.parse(intake.epochs)[`${i}`.padStart(12, 'b')]
      expect([first, holes]).toEqual([1, []])
      expect(last).toBeGreaterThanOrEqual(agents[i]?.acknowledged() ?? 0)
      const camera = made.get(agentId)?.camera ?? ''
      const alerts = await db.read((q) =>
        q
          .selectFrom('alerts')
          .selectAll()
          .where('assetId', '=', camera)
          .where('late', '=', 0)
          .execute(),
      )
      expect(alerts.length).toBeLessThanOrEqual(1)
      const isOn = Math.floor(last / 10) % 2 === 1
      expect(alerts.map((row) => row.state)).toEqual(last < 10 ? [] : [isOn ? 'open' : 'resolved'])
    }
    const fresh = await Promise.all(hubs.map(async (hub) => (await hub.inside.metrics.text()).body))
    const count = (outcome: string) =>
      fresh.reduce(
        (sum, text) =>
          sum +
          Number(
            new RegExp(`records_read_total\\{outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1] ?? 0,
          ),
        0,
      )
    const kept = await db.read((q) => q.selectFrom('intake').select('epochs').execute())
    const ids = kept
      .flatMap((row) => Object.values(JSON.parse(row.epochs) as Record<string, [number, number][]>))
      .flat()
      .reduce((sum, [a, b]) => sum + b - a + 1, 0)
    expect(count('fresh')).toBe(ids)
    expect(count('rejected') + count('quarantine')).toBe(0)
  })

  it('knows where an agent is, and lets no late goodbye of the other hub hide it', async () => {
    const agentId = agentIds[0] ?? ''
    const options = { agentId, secret: secretOf(agentId), now: Date.now }
    const old = await connectAgent({ ...options, port: portOf(0) })
    await until(async () => (await presence()).get(agentId)?.connected === 1)
    const here = (await presence()).get(agentId)?.hubId
    const young = await connectAgent({ ...options, port: portOf(1) })
    await until(async () => (await presence()).get(agentId)?.hubId !== here)
    old.cut()
    await until(() => !hubs[0].inside.broker?.isConnected(agentId))
    // Presence of the first hub is written by a loop of its own: its next word is behind this one.
    const mark = await connectAgent({
      ...{ port: portOf(0), agentId: agentIds[1] ?? '', secret: secretOf(agentIds[1] ?? '') },
      now: Date.now,
    })
    await until(async () => (await presence()).get(agentIds[1] ?? '')?.connected === 1)
    expect((await presence()).get(agentId)).toMatchObject({ connected: 1 })
    await young.end()
    await until(async () => (await presence()).get(agentId)?.connected === 0)
    await mark.end()
  })

  it('brings a plan published on one hub to an agent of the other', async () => {
    const areas = await api.call<{ id: string; name: string }[]>('GET', '/api/v1/areas')
    const areaId = areas.find((area) => area.name === 'Xã An Bình')?.id ?? ''
    const { secret } = await enrol(hubs[0], api, { areaId, agentId: 'cabinet-1' })
    const wire = await until(() =>
      connectAgent({ port: portOf(1), agentId: 'cabinet-1', secret, now: Date.now }),
    )
    const cabinet = [{ unit: 'cab1', kind: 'cabinet', parts: [{ part: 'circuit:1' }] }]
    await wire.send('birth', birthWith(cabinet))
    await until(() => wire.received.some((one) => one.channel === 'desired'))
    const segments = [
      { from: { kind: 'clock', at: '18:07' }, to: { kind: 'clock', at: '05:00' }, level: 100 },
    ]
    await api.call('PUT', `/api/v1/areas/${areaId}/lighting`, {
      ...{ name: 'Mùa đông', expectedVersion: 0 },
      weekly: [{ weekdays: [1, 2, 3, 4, 5, 6, 7], segments }],
    })
    await until(() => JSON.stringify(wire.received).includes('18:07'), { timeoutMs: 30_000 })
    await wire.end()
  })
})
