import { afterEach, beforeEach, expect, it } from 'vitest'
import { openBook } from '../../src/alerts/book.ts'
import { minutes } from '../../src/core/clock.ts'
import { type AlertRig, conditionSet, manager, openAlertRig, t0 } from '../support/alert-rig.ts'
import { describeOnBoth } from '../support/both-databases.ts'

const offline = (part: string, more: object = {}) => ({
  unit: 'nvr1',
  part,
  code: 'channel-offline',
  ...more,
})
const unreachable = { unit: 'nvr1', part: '', code: 'recorder-unreachable' }
const onBattery = { unit: 'ups1', part: '', code: 'ups-on-battery' }

describeOnBoth('alerts', (newSettings) => {
  let rig: AlertRig
  beforeEach(async () => {
    rig = await openAlertRig((await newSettings())['ANSANG_DB_URL'])
  })
  afterEach(() => rig.end())

  const kinds = async () => (await rig.events()).map((event) => event.kind)
  const one = async () => {
    const [alert, ...more] = await rig.alerts()
    expect(more).toEqual([])
    if (!alert) throw new Error('there is no alert')
    return alert
  }

  it('opens one alert for a fault however often it is said, and ends it when it is absent', async () => {
    for (let i = 0; i < 3; i += 1) await rig.say('agent-a', { active: [offline('ch:1')] })
    await rig.say('agent-a')
    await rig.say('agent-a')
    expect(await one()).toMatchObject({ assetId: 'cam-1', state: 'resolved', active: 0 })
    expect(await kinds()).toEqual(['alert.opened', 'alert.resolved'])
  })

  it('keeps what cannot be judged open, at each width of not knowing', async () => {
    for (const unknown of [
      { unit: 'nvr1' },
      { unit: 'nvr1', part: 'ch:1' },
      { unit: 'nvr1', part: 'ch:1', code: 'channel-offline' },
    ]) {
      await rig.say('agent-a', { active: [offline('ch:1')] })
      await rig.say('agent-a', { unknown: [unknown] })
      expect(await one()).toMatchObject({ state: 'open', active: 0 })
    }
    await rig.say('agent-a', { active: [offline('ch:1')] })
    expect(await one()).toMatchObject({ state: 'open', active: 1 })
    await rig.say('agent-a', { unknown: [{ unit: 'nvr1', part: 'ch:2' }] })
    expect(await one()).toMatchObject({ state: 'resolved' })
  })

  it('lets a set that was made before the newest one change nothing', async () => {
    await rig.apply(conditionSet('agent-a', { at: t0 + minutes(5), active: [offline('ch:1')] }))
    await rig.apply(conditionSet('agent-a', { at: t0 + minutes(4) }))
    await rig.apply(conditionSet('agent-a', { at: t0 + minutes(3), active: [offline('ch:2')] }))
    expect(await one()).toMatchObject({ assetId: 'cam-1', state: 'open' })
  })

  it('keeps the order of what happens in one batch, and in one millisecond', async () => {
    const at = t0 + minutes(1)
    await rig.apply(
      ...Array.from({ length: 20 }, (_, i) =>
        conditionSet('agent-a', { at, active: i % 2 === 0 ? [offline('ch:1')] : [] }),
      ),
    )
    const alert = await one()
    expect(alert).toMatchObject({ state: 'resolved', reopened: 9 })
    const said = await rig.history(alert.id)
    expect(said).toEqual([
      'opened',
      ...Array.from({ length: 9 }, () => ['resolved', 'reopened']).flat(),
      'resolved',
    ])
  })

  it('reopens within half an hour, and opens anew after it', async () => {
    const active = [offline('ch:1')]
    await rig.say('agent-a', { active })
    await rig.say('agent-a')
    rig.pass(29)
    await rig.say('agent-a', { active })
    expect(await one()).toMatchObject({ state: 'open', reopened: 1, resolvedAt: null })
    await rig.say('agent-a')
    rig.pass(30)
    await rig.say('agent-a', { active })
    expect((await rig.alerts()).map((row) => [row.state, row.reopened])).toEqual([
      ['resolved', 1],
      ['open', 0],
    ])
  })

  it('lets severity only rise while it is open, and keeps it when it is reopened', async () => {
    const say = (severity: 'medium' | 'high' | 'critical') =>
      rig.say('agent-a', { active: [offline('ch:1', { severity })] })
    await say('medium')
    await say('high')
    await say('medium')
    expect(await one()).toMatchObject({ severity: 'high' })
    await rig.say('agent-a')
    await say('medium')
    expect(await one()).toMatchObject({ severity: 'high', reopened: 1 })
    await rig.say('agent-a')
    await say('critical')
    expect(await one()).toMatchObject({ severity: 'critical', reopened: 2 })
    expect((await kinds()).filter((kind) => kind === 'alert.severity')).toHaveLength(1)
  })

  it('opens nothing for what is not in service, not even as history', async () => {
    await rig.say('agent-a', { active: [offline('ch:9')] })
    await rig.say('agent-a', { active: [offline('ch:9')], late: true })
    expect(await rig.alerts()).toEqual([])
  })

  it('ends what is still said of an asset that has left service', async () => {
    const active = [offline('ch:1')]
    await rig.say('agent-a', { active })
    await rig.db.write(async (tx) => {
      await tx
        .updateTable('assets')
        .set({ lifecycle: 'suspended' })
        .where('id', '=', 'cam-1')
        .execute()
    })
    await rig.say('agent-a', { active })
    const alert = await one()
    expect(alert).toMatchObject({ state: 'resolved' })
    await rig.say('agent-a', { active })
    expect(await rig.history(alert.id)).toEqual(['opened', 'resolved'])
  })

  it('listens to the one authority of a code only', async () => {
    await rig.say('agent-a', { active: [{ unit: 'nvr1', part: '', code: 'agent-silent' }] })
    await rig.say('agent-a', { active: [{ unit: 'nvr1', part: '', code: 'no-such-code' }] })
    await rig.say('agent-a', {
      active: [{ unit: 'nobody', part: '', code: 'recorder-unreachable' }],
    })
    expect(await rig.alerts()).toEqual([])
  })

  const rebind = async (change: object, id: string) => {
    await rig.db.write(async (tx) => {
      await tx.updateTable('bindings').set(change).where('id', '=', id).execute()
    })
    await rig.bindings.refresh()
  }

  it('ends on the old asset and opens on the new one when a name is bound anew', async () => {
    const active = [offline('ch:1')]
    await rig.say('agent-a', { active })
    await rebind({ assetId: 'cam-far' }, 'agent-a-nvr1-ch:1')
    await rig.say('agent-a', { active, unknown: [{ unit: 'nvr1' }] })
    expect((await rig.alerts()).map((row) => [row.assetId, row.state])).toEqual([
      ['cam-1', 'resolved'],
      ['cam-far', 'open'],
    ])
  })

  it('carries an alert over when another agent watches the asset', async () => {
    await rig.say('agent-a', { active: [offline('ch:1')] })
    await rebind({ agentId: 'agent-b', unit: 'nvr2', part: 'ch:7' }, 'agent-a-nvr1-ch:1')
    const active = [{ unit: 'nvr2', part: 'ch:7', code: 'channel-offline' }]
    await rig.say('agent-b', { active })
    await rig.say('agent-a')
    await rig.say('agent-b', { active })
    expect(await one()).toMatchObject({ state: 'open', reopened: 0, agentId: 'agent-b' })
    await rig.say('agent-b')
    expect(await one()).toMatchObject({ state: 'resolved' })
  })

  it('gives a reopened alert to the agent that sees it now', async () => {
    await rig.say('agent-a', { active: [offline('ch:1')] })
    await rebind({ agentId: 'agent-b', unit: 'nvr2', part: 'ch:7' }, 'agent-a-nvr1-ch:1')
    await rig.say('agent-a')
    const active = [{ unit: 'nvr2', part: 'ch:7', code: 'channel-offline' }]
    await rig.say('agent-b', { active })
    await rig.say('agent-a')
    expect(await one()).toMatchObject({ state: 'open', unit: 'nvr2', unitPart: 'ch:7' })
    await rig.say('agent-b')
    expect(await one()).toMatchObject({ state: 'resolved' })
  })

  it('completes history from the backlog: nothing opens, nobody is told, once', async () => {
    const since = t0 - minutes(60)
    const late = (at: number, active: object[]) =>
      conditionSet('agent-a', { at, late: true, active: active as [], receivedAt: t0 })
    for (let i = 0; i < 2; i += 1) {
      await rig.apply(
        late(since + minutes(5), [offline('ch:1', { since })]),
        late(since + minutes(10), [offline('ch:1', { since })]),
      )
      await rig.apply(late(since + minutes(7), [offline('ch:1', { since })]))
    }
    expect(await one()).toMatchObject({
      ...{ late: 1, state: 'resolved', active: 0, since, openedAt: since },
      resolvedAt: since + minutes(10),
    })
    expect(await rig.events()).toEqual([])
  })

  it('does not tell as history what is open now, in whichever order a batch brings it', async () => {
    const since = t0 - minutes(60)
    const active = [offline('ch:1', { since })]
    await rig.apply(
      conditionSet('agent-a', { at: t0 - minutes(30), late: true, active, receivedAt: t0 }),
      conditionSet('agent-a', { at: t0, active }),
      conditionSet('agent-a', { at: t0 - minutes(20), late: true, active, receivedAt: t0 }),
    )
    await rig.apply(conditionSet('agent-a', { at: t0 - minutes(10), late: true, active }))
    expect(await one()).toMatchObject({ late: 0, state: 'open', since })
  })

  it('stands sixteen channels under their recorder, and lets them stand alone when it is back', async () => {
    const channels = ['ch:1', 'ch:2', 'ch:3'].map((part) => offline(part))
    await rig.say('agent-a', { active: [...channels, unreachable] })
    expect(await rig.tree()).toEqual({
      'rec:recorder-unreachable': null,
      'cam-1:channel-offline': 'rec:recorder-unreachable',
      'cam-2:channel-offline': 'rec:recorder-unreachable',
      'cam-3:channel-offline': 'rec:recorder-unreachable',
    })
    const { items } = await rig.store.list({ everywhere: true }, {
      state: 'active',
      limit: 50,
      withChildren: false,
    } as never)
    expect(items.map((alert) => [alert.code, alert.children])).toEqual([
      ['recorder-unreachable', 3],
    ])
    await rig.say('agent-a', { active: channels.slice(1) })
    expect(await rig.tree()).toEqual({
      'cam-2:channel-offline': null,
      'cam-3:channel-offline': null,
    })
    expect((await kinds()).filter((kind) => kind === 'alert.detached')).toHaveLength(2)
  })

  it('finds the cause that comes after its consequence', async () => {
    await rig.say('agent-a', { active: [offline('ch:1')] })
    await rig.say('agent-a', { active: [offline('ch:1', { since: t0 + minutes(1) }), unreachable] })
    expect(await rig.tree()).toMatchObject({ 'cam-1:channel-offline': 'rec:recorder-unreachable' })
  })

  it('makes one cause of a power cut that silences agents', async () => {
    await rig.say('agent-b', { active: [onBattery] })
    await rig.db.write(async (tx) => {
      const reach = { agentIds: ['agent-a', 'agent-b'], assetIds: ['agent-a', 'agent-b'], from: t0 }
      const book = await openBook(tx, reach)
      const now = t0 + minutes(9)
      for (const agentId of reach.agentIds) {
        const own = { assetId: agentId, part: '', agentId, unit: 'agent', unitPart: '' }
        book.seen({ ...own, code: 'agent-silent', since: t0 + minutes(5) }, now)
      }
      await book.close(now)
    })
    expect(await rig.tree()).toEqual({
      'ups:ups-on-battery': null,
      'agent-a:agent-silent': 'ups:ups-on-battery',
      'agent-b:agent-silent': 'ups:ups-on-battery',
    })
  })

  it('does not lose a cause that lies further away than what has just changed', async () => {
    // The recorder is watched by the other agent, and the far camera stands on no site.
    await rebind({ agentId: 'agent-b', unit: 'nvr9' }, 'agent-a-nvr1-')
    await rebind({ agentId: 'agent-a', unit: 'nvr2' }, 'agent-b-nvr2-ch:1')
    await rig.db.write(async (tx) => {
      await tx.updateTable('assets').set({ siteId: null }).where('kind', '=', 'camera').execute()
    })
    await rig.say('agent-b', { active: [{ ...unreachable, unit: 'nvr9' }] })
    await rig.say('agent-a', { active: [offline('ch:1')] })
    const far = { unit: 'nvr2', part: 'ch:1', code: 'channel-offline' }
    await rig.say('agent-a', { active: [offline('ch:1'), far] })
    expect(await rig.tree()).toEqual({
      'rec:recorder-unreachable': null,
      'cam-1:channel-offline': 'rec:recorder-unreachable',
      'cam-far:channel-offline': null,
    })
    expect(await kinds()).not.toContain('alert.detached')
  })

  it('refuses to close by hand what is still seen, and lets consequences go when it closes', async () => {
    await rig.say('agent-a', { active: [offline('ch:1'), unreachable] })
    const [cause] = (await rig.open()).filter((row) => row.code === 'recorder-unreachable')
    const id = cause?.id ?? ''
    await expect(rig.store.resolve(manager, id, undefined)).rejects.toMatchObject({
      code: 'alerts.bad-transition',
    })
    await rig.store.acknowledge(manager, id, 'đang xem')
    await rig.say('agent-a', {
      active: [offline('ch:1')],
      unknown: [{ unit: 'nvr1', part: '' }],
    })
    rig.clock.advance(minutes(10))
    await rig.store.resolve(manager, id, 'đã gọi điện')
    expect(await rig.tree()).toEqual({ 'cam-1:channel-offline': null })
    expect(await rig.history(id)).toEqual(['opened', 'acknowledged', 'resolved'])
    await expect(rig.store.resolve(manager, id, undefined)).rejects.toMatchObject({
      code: 'alerts.bad-transition',
    })
    await expect(rig.store.acknowledge(manager, id, undefined)).rejects.toMatchObject({
      code: 'alerts.bad-transition',
    })
  })

  it('acknowledges once: the first who takes it on stays named', async () => {
    await rig.say('agent-a', { active: [offline('ch:1')] })
    const { id } = await one()
    await rig.store.acknowledge(manager, id, undefined)
    await rig.store.acknowledge({ ...manager, username: 'other' }, id, undefined)
    expect(await one()).toMatchObject({ state: 'acknowledged', acknowledgedBy: 'manager' })
    expect(await rig.history(id)).toEqual(['opened', 'acknowledged'])
  })

  it('never loses the word of a person to a set that is applied at the same moment', async () => {
    await rig.say('agent-a', { active: [offline('ch:1', { severity: 'medium' })] })
    const { id } = await one()
    const looked = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const judge = rig.db.write(async (tx) => {
      const book = await openBook(tx, { agentIds: ['agent-a'], assetIds: ['cam-1'], from: t0 })
      looked.resolve()
      await goOn.promise
      const names = { assetId: 'cam-1', part: '', agentId: 'agent-a', unit: 'nvr1' }
      const worse = { unitPart: 'ch:1', code: 'channel-offline', severity: 'critical' as const }
      book.seen({ ...names, ...worse, since: t0 }, t0 + minutes(2))
      await book.close(t0 + minutes(2))
    })
    await looked.promise
    const person = rig.store.acknowledge(manager, id, 'đang xem')
    // Time enough to slip in between, if it could.
    for (let i = 0; i < 50; i += 1) await rig.alerts()
    goOn.resolve()
    await Promise.all([judge, person])
    expect(await one()).toMatchObject({ severity: 'critical', note: 'đang xem' })
    expect(await one()).toMatchObject({ state: 'acknowledged', acknowledgedBy: 'manager' })
  })

  it('joins the halves of a story that two writers open at the same moment', async () => {
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([
        rig.apply(conditionSet('agent-a', { at: t0 + minutes(90 * round), active: [unreachable] })),
        rig.apply(conditionSet('agent-b', { at: t0 + minutes(90 * round), active: [onBattery] })),
      ])
      expect(await rig.tree()).toEqual({
        'rec:recorder-unreachable': 'ups:ups-on-battery',
        'ups:ups-on-battery': null,
      })
      for (const agent of ['agent-a', 'agent-b'])
        await rig.apply(conditionSet(agent, { at: t0 + minutes(90 * round + 1) }))
      expect(await rig.open()).toEqual([])
    }
  })
})
