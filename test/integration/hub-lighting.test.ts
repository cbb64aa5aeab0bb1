import { afterEach, beforeEach, expect, it } from 'vitest'
import { minutes, seconds } from '../../src/core/clock.ts'
import { newLineage } from '../../src/db/meta.ts'
import { describeOnBoth } from '../support/both-databases.ts'
import { birthWith, type HubRig, type RigAgent, startHubRig } from '../support/hub-rig.ts'

type Sections = Record<string, { version: number; hash: string; body: { units: object } }>
type Rollout = {
  cabinets: number
  published: number
  running: number
  waiting: number
  refused: { agentId: string; unit: string; reason: string }[]
}

const cabinet = [{ unit: 'cab1', kind: 'cabinet' as const, parts: [{ part: 'circuit:1' }] }]

describeOnBoth('bringing plans to cabinets', (newSettings) => {
  let rig: HubRig
  let settings: Record<string, string>
  beforeEach(async () => {
    settings = await newSettings()
    rig = await startHubRig(settings)
  })
  afterEach(() => rig.end())

  const publish = (areaId: string, from: string, expectedVersion: number) =>
    rig.api.call<{ version: number }>('PUT', `/api/v1/areas/${areaId}/lighting`, {
      ...{ name: `Từ ${from}`, expectedVersion },
      weekly: [
        {
          weekdays: [1, 2, 3, 4, 5, 6, 7],
          segments: [
            { from: { kind: 'clock', at: from }, to: { kind: 'clock', at: '05:00' }, level: 100 },
          ],
        },
      ],
    })
  const rollout = (areaId: string) =>
    rig.api.call<Rollout>('GET', `/api/v1/areas/${areaId}/lighting/rollout`)
  const desiredOf = (agent: Pick<RigAgent, 'wire'>) =>
    agent.wire.received
      .filter((one) => one.channel === 'desired')
      .map((one) => one.body as { lineage: string; sections: Sections })
  const planAt = (agent: Pick<RigAgent, 'wire'>, text: string) =>
    rig.live(async () => {
      const last = desiredOf(agent).findLast((one) => JSON.stringify(one).includes(text))
      return last?.sections['plan'] && { ...last.sections['plan'], lineage: last.lineage }
    }, `a plan with ${text}`)
  type Held = { version: number; hash: string }
  const report = (agent: Pick<RigAgent, 'wire'>, { version, hash }: Held, refused?: string) =>
    agent.wire.send('reported', {
      sections: {
        plan: {
          ...{ version, hash, state: refused === undefined ? 'accepted' : 'refused' },
          ...(refused === undefined ? {} : { reason: refused }),
        },
      },
    })
  const versions = async () =>
    Object.fromEntries(
      (
        await rig.hub.inside.db.read((q) =>
          q.selectFrom('twinSections').selectAll().where('section', '=', 'plan').execute(),
        )
      ).map((row) => [row.agentId, row.version]),
    )

  const planBodies = () =>
    rig.hub.inside.db.read((q) => q.selectFrom('twinSections').select('body').execute())

  it('reaches the cabinets it is for and no other, and an unchanged plan keeps its version', async () => {
    const a = await rig.agent('agent-a', { inventory: cabinet, areaId: rig.areas.hamlet })
    const b = await rig.agent('agent-b', { inventory: cabinet, areaId: rig.areas.other })
    await report(a, await planAt(a, 'fail-safe'))
    await report(b, await planAt(b, 'fail-safe'))
    await publish(rig.areas.commune, '18:00', 0)
    const plan = await planAt(a, '18:00')
    await report(a, plan)
    await rig.live(async () => (await rollout(rig.areas.commune)).running === 1)
    expect(await versions()).toEqual({ 'agent-a': 2, 'agent-b': 1 })
    expect(desiredOf(b)).toHaveLength(1)
    // Something that the publisher looks at, and that changes no hours.
    await rig.api.call('PATCH', `/api/v1/assets/${a.assets.get('cab1/')}`, { name: 'Tủ mới' })
    await rig.api.call('PATCH', `/api/v1/areas/${rig.areas.commune}`, { name: 'Xã An Bình Mới' })
    await rig.clock.live(seconds(20))
    expect(await versions()).toEqual({ 'agent-a': 2, 'agent-b': 1 })
    // Who has not answered yet may be asked twice: the versions count, not the messages.
    const sent = desiredOf(a).flatMap((one) => one.sections['plan']?.version ?? [])
    expect([...new Set(sent)]).toHaveLength(2)
  })

  it('shows why a plan was refused, and that the old one runs', async () => {
    const a = await rig.agent('agent-a', { inventory: cabinet })
    const first = await planAt(a, 'fail-safe')
    await report(a, first)
    await publish(rig.areas.commune, '18:30', 0)
    await report(a, await planAt(a, '18:30'), 'no clock')
    await rig.live(async () => (await rollout(rig.areas.commune)).refused.length === 1)
    expect(await rollout(rig.areas.commune)).toMatchObject({
      ...{ cabinets: 1, running: 0, waiting: 0 },
      refused: [{ agentId: 'agent-a', unit: 'cab1', reason: 'no clock' }],
    })
    const row = await rig.hub.inside.db.read((q) =>
      q.selectFrom('twinSections').selectAll().executeTakeFirstOrThrow(),
    )
    expect(row).toMatchObject({
      reportedHash: first.hash,
      reportedVersion: first.version,
      version: 2,
    })
    const told = desiredOf(a).length
    await rig.clock.live(minutes(5))
    expect(desiredOf(a)).toHaveLength(told)
  })

  it('gives an agent that was away what it lacks at its birth, and nothing that it holds', async () => {
    const a = await rig.agent('agent-a', { inventory: cabinet })
    const first = await planAt(a, 'fail-safe')
    await report(a, first)
    a.wire.cut()
    await rig.clock.live(seconds(5))
    await publish(rig.areas.commune, '18:00', 0)
    await publish(rig.areas.commune, '19:00', 1)
    await rig.live(async () => JSON.stringify(await planBodies()).includes('19:00'))
    const again = { wire: await rig.connect('agent-a', a.secret) }
    const { version, hash } = first
    await again.wire.send('birth', birthWith(cabinet, { plan: { version, hash } }))
    const plan = await planAt(again, '19:00')
    // The latest only: what was wanted in between is never replayed.
    expect(JSON.stringify(desiredOf(again))).not.toContain('18:00')
    await report(again, plan)
    await rig.live(async () => (await rollout(rig.areas.commune)).running === 1)
    const third = { wire: await rig.connect('agent-a', a.secret) }
    await third.wire.send(
      'birth',
      birthWith(cabinet, { plan: { version: plan.version, hash: plan.hash } }),
    )
    await rig.settled()
    await rig.clock.live(minutes(2))
    expect(desiredOf(third)).toEqual([])
  })

  it('asks again who has not answered, and sends anew to who has lost everything', async () => {
    const a = await rig.agent('agent-a', { inventory: cabinet })
    const plan = await planAt(a, 'fail-safe')
    await rig.live(async () => desiredOf(a).length > 1, 'the plan to be sent again')
    await report(a, plan)
    await rig.live(async () => (await rollout(rig.areas.commune)).running === 1)
    const empty = { wire: await rig.connect('agent-a', a.secret) }
    await empty.wire.send('birth', birthWith(cabinet))
    await planAt(empty, 'fail-safe')
    expect(await rollout(rig.areas.commune)).toMatchObject({ running: 0, waiting: 1 })
  })

  it('does not let an older report of a slower hub undo a newer one', async () => {
    const a = await rig.agent('agent-a', { inventory: cabinet })
    const plan = await planAt(a, 'fail-safe')
    await report(a, plan)
    await rig.live(async () => (await rollout(rig.areas.commune)).running === 1)
    const { applyReports } = await import('../../src/twin/sections.ts')
    const message = (channel: 'reported', receivedAt: number) => ({
      ...{ channel, agentId: 'agent-a', at: receivedAt, receivedAt, late: false },
      body: {
        sections: { plan: { version: 0, hash: 'f'.repeat(64), state: 'accepted' } },
      } as never,
    })
    const { db } = rig.hub.inside
    await db.write((tx) => applyReports(tx, [message('reported', rig.clock.now() - minutes(60))]))
    expect(await rollout(rig.areas.commune)).toMatchObject({ running: 1 })
    await db.write((tx) => applyReports(tx, [message('reported', rig.clock.now())]))
    expect(await rollout(rig.areas.commune)).toMatchObject({ running: 0, waiting: 1 })
  })

  it('brings the right plan to an agent that knows more than the database restored from a backup', async () => {
    const a = await rig.agent('agent-a', { inventory: cabinet })
    await report(a, await planAt(a, 'fail-safe'))
    await publish(rig.areas.commune, '18:00', 0)
    const old = await planAt(a, '18:00')
    await report(a, old)
    await rig.live(async () => (await rollout(rig.areas.commune)).running === 1)
    const keptProgram = await rig.hub.inside.db.read((q) =>
      q.selectFrom('lightingPrograms').selectAll().executeTakeFirstOrThrow(),
    )
    const keptSection = await rig.hub.inside.db.read((q) =>
      q.selectFrom('twinSections').selectAll().executeTakeFirstOrThrow(),
    )
    await publish(rig.areas.commune, '20:00', 1)
    const newer = await planAt(a, '20:00')
    await report(a, newer)
    await rig.live(async () => (await rollout(rig.areas.commune)).running === 1)
    // The rows as the backup had them, under a new lineage.
    await rig.hub.inside.db.write(async (tx) => {
      await tx.updateTable('lightingPrograms').set(keptProgram).execute()
      await tx.deleteFrom('lightingVersions').where('version', '>', 1).execute()
      await tx.updateTable('twinSections').set(keptSection).execute()
    })
    const lineage = await newLineage(rig.hub.inside.db as never)
    await rig.restart(seconds(30))
    const again = { wire: await rig.connect('agent-a', a.secret) }
    const held = { plan: { version: newer.version, hash: newer.hash } }
    await again.wire.send('birth', birthWith(cabinet, held))
    const plan = await planAt(again, '18:00')
    expect(plan).toMatchObject({ version: old.version, hash: old.hash, lineage })
    expect(lineage).not.toBe(newer.lineage)
    await report(again, plan)
    await rig.live(async () => (await rollout(rig.areas.commune)).running === 1)
  })

  it('does not take SLA rules from two managers that looked at the same version', async () => {
    const calendar = {
      ...{ id: 'office', name: 'Giờ hành chính', timeZone: 'Asia/Ho_Chi_Minh', dates: [] },
      weekly: [{ weekday: 1, from: '07:30', to: '17:00' }],
    }
    const put = (version: number) =>
      rig.api.request('PUT', '/api/v1/sla/calendars', { ...calendar, version })
    for (const version of [0, 1]) {
      const both = await Promise.all([put(version), put(version)])
      expect(both.map((one) => one.status).toSorted()).toEqual([200, 412])
    }
    const policy = { id: 'p', name: 'P', calendarId: 'office', version: 0 }
    const targets = [{ severity: 'high', responseMin: 100_000, resolutionMin: 1_000_000 }]
    await rig.api.call('PUT', '/api/v1/sla/policies', {
      ...policy,
      id: 'default',
      version: 1,
      targets,
    })
    const a = await rig.agent('agent-a')
    const since = new Date(rig.clock.now()).toISOString()
    const fault = { unit: 'nvr1', part: 'ch:1', code: 'channel-offline', since }
    await a.wire.send('conditions', { rules: 1, active: [fault], unknown: [] })
    await rig.live(async () => (await rig.alerts()).length === 1)
    // A target of a lifetime is due never, and breaks no page.
    const [clocks] = await rig.api.call<{ resolution: { dueAt: string; state: string } }[]>(
      'GET',
      '/api/v1/sla/clocks?month=2026-11',
    )
    expect(clocks?.resolution).toMatchObject({
      state: 'running',
      dueAt: '9999-12-31T00:00:00.000Z',
    })
  })

  it('does not take a program from two schedulers that looked at the same version', async () => {
    const both = await Promise.allSettled([
      publish(rig.areas.commune, '18:00', 0),
      publish(rig.areas.commune, '19:00', 0),
    ])
    expect(both.map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const lost = both.find((one) => one.status === 'rejected')
    expect(String(lost?.reason)).toMatch(/409|stale/)
  })
})
