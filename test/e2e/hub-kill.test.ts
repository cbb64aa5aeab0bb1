import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hours } from '../../src/core/clock.ts'
import { enrol, makeAreas, startTestHub } from '../support/hub.ts'
import { startHubChild } from '../support/hub-child.ts'
import { birthWith, recorderOf } from '../support/hub-rig.ts'
import { type RestlessAgent, startRestlessAgent } from '../support/restless-agent.ts'
import { until } from '../support/until.ts'
import { connectAgent } from '../support/wire-agent.ts'

const agentIds = ['agent-a', 'agent-b', 'agent-c']
const kills = 20

describe('a hub that is killed again and again', () => {
  let dataDir: string
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'ansang-kill-'))
  })
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

  /** Three agents, their recorders in service; returns secrets and cameras. */
  async function prepare() {
    const hub = await startTestHub({ dataDir })
    const api = await hub.admin()
    const { commune } = await makeAreas(api)
    const made = new Map<string, { secret: string; camera: string }>()
    for (const agentId of agentIds) {
      const { secret } = await enrol(hub, api, { areaId: commune, agentId })
      const wire = await until(() =>
        connectAgent({ port: hub.ports.mqtt ?? 0, agentId, secret, now: Date.now }),
      )
      await wire.send('birth', birthWith(recorderOf(1)))
      const { resolve } = hub.inside.bindings
      const found = await until(() => resolve(agentId, 'nvr1', 'ch:1', Date.now()))
      const recorder = resolve(agentId, 'nvr1', '', Date.now())?.assetId
      await api.call('POST', `/api/v1/assets/${recorder}/lifecycle`, { to: 'in-service' })
      made.set(agentId, { secret, camera: found.assetId })
      await wire.end()
    }
    await hub.stopOnly()
    return made
  }

  it(`keeps what it acknowledged, and counts nothing twice, over ${kills} kills`, async () => {
    const made = await prepare()
    const from = Date.now() - hours(20)
    let child = await startHubChild(dataDir, {})
    const agents: [string, RestlessAgent][] = agentIds.map((agentId, i) => [
      agentId,
      startRestlessAgent({
        ...{ agentId, secret: made.get(agentId)?.secret ?? '', epoch: `${i}`.padStart(12, 'a') },
        ...{ port: () => child.port, from },
      }),
    ])
    const total = () => agents.reduce((sum, [, agent]) => sum + agent.acknowledged(), 0)
    for (let kill = 0; kill < kills; kill += 1) {
      const goal = total() + 1 + Math.floor(Math.random() * 60)
      await until(() => total() >= goal, { what: 'load', timeoutMs: 30_000, everyMs: 1 })
      await child.kill()
      child = await startHubChild(dataDir, {})
    }
    await Promise.all(agents.map(([, agent]) => agent.stop()))
    await child.kill()

    const hub = await startTestHub({ dataDir })
    try {
      const { stateReader, seriesReader, journal, db, telemetry } = hub.inside
      await until(() => stateReader.caughtUp() && seriesReader.caughtUp(), { timeoutMs: 60_000 })
      expect(stateReader.position()).toBe(journal.head())
      for (const [i, [agentId, agent]] of agents.entries()) {
        const camera = made.get(agentId)?.camera ?? ''
        const intake = await db.read((q) =>
          q
            .selectFrom('intake')
            .selectAll()
            .where('agentId', '=', agentId)
            .executeTakeFirstOrThrow(),
        )
        const [[first, last] = [], ...holes] = JSON.parse(intake.epochs)[`${i}`.padStart(12, 'a')]
        expect([first, holes]).toEqual([1, []])
        // What was under way when it was stopped may have come in without its acknowledgement.
        expect(last - agent.acknowledged()).toBeGreaterThanOrEqual(0)
        expect(last - agent.acknowledged()).toBeLessThanOrEqual(1)
        const rows = await telemetry.query({
          ...{ measurement: 'camera', asset: camera, fields: ['online'] },
          ...{ from: from - 1, to: Date.now() },
        })
        const stored = new Map(rows.map((row) => [row.at, row.values['online']]))
        const lost = [...agent.told].filter(([at, online]) => stored.get(at) !== online)
        expect(lost).toEqual([])
        // Of a fault that comes and goes within half an hour there is one alert, and each change once.
        const alerts = await db.read((q) =>
          q.selectFrom('alerts').selectAll().where('assetId', '=', camera).execute(),
        )
        expect(alerts).toHaveLength(1)
        const changes = Math.floor(last / 10)
        const history = await db.read((q) =>
          q
            .selectFrom('alertHistory')
            .select('what')
            .where('alertId', '=', alerts[0]?.id ?? '')
            .where('what', 'in', ['opened', 'resolved', 'reopened'])
            .orderBy('at')
            .orderBy('id')
            .execute(),
        )
        expect(history.map((one) => one.what)).toEqual(
          Array.from({ length: changes }, (_, n) =>
            n === 0 ? 'opened' : n % 2 === 1 ? 'resolved' : 'reopened',
          ),
        )
      }
      const outages = await db.read((q) => q.selectFrom('outages').selectAll().execute())
      expect(outages).toEqual([])
    } finally {
      await hub.stopOnly()
    }
  })
})
