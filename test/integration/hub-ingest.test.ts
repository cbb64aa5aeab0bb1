import { afterEach, beforeEach, expect, it } from 'vitest'
import { encode } from '../../src/contract/wire/codec.ts'
import { hours, minutes, seconds } from '../../src/core/clock.ts'
import { describeOnBoth } from '../support/both-databases.ts'
import { birthWith, type HubRig, recorderOf, startHubRig } from '../support/hub-rig.ts'
import { connectAgent, type WireAgent } from '../support/wire-agent.ts'

const offline = (rig: HubRig, part = 'ch:1') => ({
  unit: 'nvr1',
  part,
  code: 'channel-offline',
  since: new Date(rig.clock.now()).toISOString(),
})
const telemetry = (online: number) => ({
  samples: [{ unit: 'nvr1', kind: 'recorder' as const, parts: { 'ch:1': { online, fps: 25 } } }],
})
const set = (active: object[] = []) => ({ rules: 1, active: active as never, unknown: [] })

describeOnBoth('from the wire to state', (newSettings) => {
  let rig: HubRig
  beforeEach(async () => {
    rig = await startHubRig(await newSettings())
  })
  afterEach(() => rig.end())

  const cameraState = async (id: string) =>
    rig.hub.inside.db.read((q) =>
      q.selectFrom('alerts').selectAll().where('assetId', '=', id).execute(),
    )
  const pointsOf = async (asset: string) =>
    rig.hub.inside.telemetry.query({
      ...{ measurement: 'camera', asset, fields: ['online', 'fps'] },
      ...{ from: rig.clock.now() - hours(3), to: rig.clock.now() + 1 },
    })

  it('counts a record once in twin, alerts and series, however often and in whichever lane it comes', async () => {
    const { wire, assets } = await rig.agent('agent-a')
    const camera = assets.get('nvr1/ch:1') ?? ''
    const report = await wire.send('telemetry', telemetry(0))
    const fault = await wire.send('conditions', set([offline(rig)]))
    await rig.settled()
    for (const lane of ['live', 'backlog'] as const) {
      await wire.repeat('telemetry', { ...report, lane })
      await wire.repeat('conditions', { ...fault, lane })
    }
    await rig.settled()
    expect(await cameraState(camera)).toHaveLength(1)
    expect(await pointsOf(camera)).toHaveLength(1)
    expect(await rig.metrics()).toMatchObject({
      'records_read_total{outcome="fresh"}': 3,
      'records_read_total{outcome="repeated"}': 4,
    })
    // The end that a repeated beginning must not undo.
    await rig.clock.live(seconds(5))
    await wire.send('conditions', set())
    await wire.repeat('conditions', fault)
    await rig.settled()
    expect((await cameraState(camera)).map((row) => row.state)).toEqual(['resolved'])
  })

  it('takes a backlog as history: the twin keeps what is newest, nothing opens', async () => {
    const { wire, assets } = await rig.agent('agent-a')
    const camera = assets.get('nvr1/ch:1') ?? ''
    await wire.send('telemetry', telemetry(1))
    const at = new Date(rig.clock.now() - hours(2)).toISOString()
    const old = { at, lane: 'backlog' as const }
    await wire.send('telemetry', telemetry(0), old)
    const earlier = { ...offline(rig), since: at }
    await wire.send('conditions', set([earlier]), old)
    await wire.send('birth', birthWith(recorderOf(9)), old)
    await rig.settled()
    expect(await rig.alerts()).toEqual([])
    const [unit] = await rig.hub.inside.db.read((q) =>
      q.selectFrom('twinUnits').selectAll().execute(),
    )
    expect(JSON.parse(unit?.parts ?? '{}')['ch:1'].values).toEqual({ online: 1, fps: 25 })
    expect((await pointsOf(camera)).map((row) => row.values['online'])).toEqual([0, 1])
  })

  it('keeps what is malformed, foreign, future or ancient with its reason, and a good agent beside it works', async () => {
    const good = await rig.agent('agent-good')
    const bad = await rig.agent('agent-bad')
    const year = (n: number) => ({ at: `${n}-01-01T00:00:00Z` })
    const raw = (channel: string, payload: string | Buffer) =>
      bad.wire.client.publishAsync(`ansang/1/agent-bad/${channel}`, payload, { qos: 1 })
    await raw('telemetry', '{"id":')
    await raw('telemetry', Buffer.from([0xc3, 0x28]))
    await raw('conditions', '{"active":[]}')
    await raw('birth', '[]')
    await raw('telemetry', `${'['.repeat(5000)}${']'.repeat(5000)}`)
    await bad.wire.send('telemetry', telemetry(0), year(2036))
    await bad.wire.send('telemetry', telemetry(0), year(1999))
    await bad.wire.send('conditions', set([offline(rig)]), { lane: 'backlog', trust: 'untrusted' })
    await bad.wire.send('conditions', set([{ ...offline(rig), raw: 'a\0b' }]))
    await bad.wire.send('birth', birthWith([{ ...recorderOf(1)[0], label: 'half \ud800' }]))
    await bad.wire.send('reported', { sections: {} })
    await good.wire.send('conditions', set([offline(rig)]))
    await rig.settled()
    const kept = await rig.hub.inside.db.read((q) =>
      q
        .selectFrom('rejected')
        .select(['agentId', 'channel', 'kind', 'reason'])
        .orderBy('id')
        .execute(),
    )
    expect(
      kept.map(({ agentId, channel, kind, reason }) => [agentId, channel, kind, reason]),
    ).toEqual([
      ['agent-bad', 'telemetry', 'rejected', 'not JSON'],
      ['agent-bad', 'telemetry', 'rejected', 'not UTF-8'],
      ['agent-bad', 'conditions', 'rejected', expect.stringContaining('id')],
      ['agent-bad', 'birth', 'rejected', expect.stringContaining('expected object')],
      ['agent-bad', 'telemetry', 'rejected', expect.stringContaining('nested deeper')],
      ['agent-bad', 'telemetry', 'quarantine', expect.stringContaining('in the future')],
      ['agent-bad', 'telemetry', 'quarantine', expect.stringContaining('older than we keep')],
      ['agent-bad', 'conditions', 'quarantine', 'old, and its clock was never right'],
      ['agent-bad', 'conditions', 'rejected', expect.stringContaining('NUL')],
      ['agent-bad', 'birth', 'rejected', expect.stringContaining('NUL')],
    ])
    expect(await rig.metrics()).toMatchObject({
      'records_read_total{outcome="rejected"}': 7,
      'records_read_total{outcome="quarantine"}': 3,
    })
    expect((await rig.alerts()).map((alert) => alert.assetName)).toEqual(['agent-good nvr1 ch:1'])
  })

  it.each([
    ['another agent', 'ansang/1/agent-good/telemetry'],
    ['a wire version that nobody speaks', 'ansang/9/agent-bad/telemetry'],
    ['a channel that is not there', 'ansang/1/agent-bad/nonsense'],
    ['a channel of the hub', 'ansang/1/agent-bad/desired'],
  ])('refuses to take a record for %s, counts it, and goes on', async (_, topic) => {
    const good = await rig.agent('agent-good')
    const bad = await rig.agent('agent-bad')
    const before = (await rig.metrics())['records_accepted_total'] ?? 0
    const gone = new Promise((resolve) => bad.wire.client.once('close', () => resolve(true)))
    bad.wire.client.publish(topic, '{}', { qos: 1 }, () => {})
    await gone
    await good.wire.send('conditions', set([offline(rig)]))
    await rig.live(async () => (await rig.alerts()).length === 1)
    const after = await rig.metrics()
    // The good record, and the will of who was cut off.
    expect((after['records_accepted_total'] ?? 0) - before).toBeLessThanOrEqual(2)
    const refusals = Object.entries(after).filter(([name]) =>
      name.startsWith('broker_events_total'),
    )
    expect(refusals.map(([name]) => name).join()).toMatch(/refused/)
  })

  const silentAlerts = async () =>
    (await rig.alerts('&withChildren=true&state=all')).filter((one) => one.code === 'agent-silent')

  it('calls nobody silent after an hour of its own outage', async () => {
    const { secret } = await rig.agent('agent-a')
    await rig.settled()
    await rig.restart(hours(1))
    await rig.clock.live(minutes(2.5))
    expect(await silentAlerts()).toEqual([])
    const wire = await rig.connect('agent-a', secret)
    await wire.send('conditions', set())
    await rig.clock.live(minutes(2))
    expect(await silentAlerts()).toEqual([])
    wire.cut()
    await rig.live(async () => (await silentAlerts()).length === 1, 'a real silence to be seen')
  })

  it('raises nothing when two hundred agents come back one by one after a restart', async () => {
    const ids = Array.from({ length: 200 }, (_, i) => `agent-${i}`)
    const { devices, db, journal, credentials } = rig.hub.inside
    const place = { areaId: rig.areas.commune, siteId: null }
    await devices.addAll(ids.map((id) => ({ id, name: id, secret: `secret-of-${id}`, ...place })))
    await credentials.refresh()
    await db.write(async (tx) => {
      await tx.updateTable('assets').set({ lifecycle: 'in-service' }).execute()
    })
    const heard = (agentId: string) => {
      const own = { id: ['aaaaaaaaaaaa', 1] as [string, number], boot: '00c0ffee', mono: 1 }
      const at = new Date(rig.clock.now()).toISOString()
      const body = { ...own, at, lane: 'live' as const, trust: 'trusted' as const, sections: {} }
      const record = { agentId, channel: 'reported' as const, payload: encode('reported', body) }
      return new Promise<void>((resolve, reject) =>
        journal.append({ ...record, receivedAt: rig.clock.now() }, (error) =>
          error ? reject(error) : resolve(),
        ),
      )
    }
    await Promise.all(ids.map(heard))
    await rig.settled()
    await rig.restart(hours(1))
    const port = rig.hub.ports.mqtt ?? 0
    const wires: WireAgent[] = []
    for (const agentId of ids) {
      const options = { port, agentId, secret: `secret-of-${agentId}`, now: rig.clock.now }
      const wire = await connectAgent({ ...options, epoch: 'bbbbbbbbbbbb' })
      await wire.send('conditions', set())
      wires.push(wire)
      await rig.clock.live(seconds(0.6))
    }
    for (const wire of wires) await wire.send('conditions', set())
    await rig.settled()
    await rig.clock.live(seconds(100))
    expect(await rig.alerts('&withChildren=true&state=all')).toEqual([])
    for (const wire of wires) wire.cut()
  })

  it('calls nobody silent while its own readers stand still, nor when they go on', async () => {
    const { wire } = await rig.agent('agent-a')
    await wire.send('conditions', set())
    await rig.settled()
    const release = Promise.withResolvers<void>()
    const entered = Promise.withResolvers<void>()
    const lockIntake = rig.hub.inside.db.write(async (tx) => {
      await tx.updateTable('intake').set({ seenAt: rig.clock.now() }).execute()
      entered.resolve()
      await release.promise
    })
    await entered.promise
    for (let i = 0; i < 10; i += 1) {
      await wire.send('conditions', set())
      await rig.clock.live(minutes(1))
    }
    release.resolve()
    await lockIntake
    await rig.settled()
    await rig.clock.live(seconds(30))
    expect(await silentAlerts()).toEqual([])
  })

  it('does not take the word of the broker for the word of an agent', async () => {
    const { wire } = await rig.agent('agent-a')
    await wire.send('conditions', set())
    await rig.settled()
    const seenAt = async () =>
      (
        await rig.hub.inside.db.read((q) =>
          q.selectFrom('intake').select('seenAt').executeTakeFirstOrThrow(),
        )
      ).seenAt
    const before = await seenAt()
    await rig.clock.live(seconds(20))
    const accepted = (await rig.metrics())['records_accepted_total'] ?? 0
    wire.cut()
    await rig.live(
      async () => ((await rig.metrics())['records_accepted_total'] ?? 0) > accepted,
      'the will',
    )
    await rig.settled()
    expect(await seenAt()).toBe(before)
  })

  it('raises nothing when an agent takes its own place and the old will comes late', async () => {
    const { wire, secret } = await rig.agent('agent-a')
    await wire.send('conditions', set())
    const gone = new Promise((resolve) => wire.client.once('close', () => resolve(true)))
    const again = await rig.connect('agent-a', secret)
    await gone
    await again.send('conditions', set())
    await rig.settled()
    await rig.live(async () => {
      const [row] = await rig.hub.inside.db.read((q) =>
        q.selectFrom('presence').selectAll().execute(),
      )
      return row?.connected === 1
    })
    await rig.clock.live(seconds(60))
    const [row] = await rig.hub.inside.db.read((q) =>
      q.selectFrom('presence').selectAll().execute(),
    )
    expect(row?.connected).toBe(1)
    expect(await rig.alerts()).toEqual([])
  })

  it('ends the alerts of what is suspended, and opens none on it', async () => {
    const { wire, assets } = await rig.agent('agent-a', { inventory: recorderOf(3) })
    await wire.send('conditions', set([offline(rig), offline(rig, 'ch:2')]))
    await rig.live(async () => (await rig.alerts()).length === 2)
    const recorder = assets.get('nvr1/')
    await rig.api.call('POST', `/api/v1/assets/${recorder}/lifecycle`, {
      to: 'suspended',
      reason: 'sửa nhà',
    })
    await rig.live(async () => (await rig.alerts()).length === 0)
    await wire.send('conditions', set([offline(rig), offline(rig, 'ch:2'), offline(rig, 'ch:3')]))
    await rig.settled()
    expect(await rig.alerts()).toEqual([])
  })
})
