import { describe, expect, onTestFinished, test } from 'vitest'
import type { AgentOptions } from '../../agents/runtime/options.ts'
import { createManualClock, minutes, systemClock } from '../../src/core/clock.ts'
import { sectionHash } from '../../src/plan/hash.ts'
import {
  agentConfig,
  agentId,
  fakeUnit,
  heard,
  heardOn,
  knowsNothing,
  startAgent,
  temporaryFolder,
} from '../support/agent.ts'
import { startBroker } from '../support/broker.ts'
import { until } from '../support/until.ts'

const section = (version: number, body: unknown, hash = sectionHash(body)) => ({
  version,
  hash,
  body,
})

async function agentWithPlan(options: Partial<AgentOptions> = {}, dataDir = temporaryFolder()) {
  const hub = await startBroker()
  onTestFinished(() => hub.broker.close())
  const applied: unknown[] = []
  let started = false
  const unit = fakeUnit(systemClock, {
    sections: {
      plan: async (body) => {
        if (typeof body === 'object' && body !== null && 'bad' in body) {
          throw new Error('not a plan of this cabinet')
        }
        applied.push([started ? 'running' : 'before start', body])
      },
    },
    start: async () => {
      started = true
    },
  })
  const agent = await startAgent({
    config: agentConfig(dataDir, hub.port),
    clock: systemClock,
    collectors: [unit],
    ...options,
  })
  await until(() => heardOn(hub.accepted, 'birth').length > 0)
  const desire = async (sections: object, lineage = 'a1') => {
    const before = heardOn(hub.accepted, 'reported').length
    await hub.broker.send(agentId, 'desired', { lineage, sections })
    await until(() => heardOn(hub.accepted, 'reported').length > before)
    return heardOn(hub.accepted, 'reported').at(-1)?.sections
  }
  return { ...hub, agent, applied, desire, dataDir, unit }
}

describe('desired sections', () => {
  test('are put into force, reported, named in the next birth and applied again at a start', async () => {
    const first = await agentWithPlan()
    expect(heardOn(first.accepted, 'birth')[0]?.held).toEqual({})
    const plan = section(3, { level: 60 })
    expect(await first.desire({ plan })).toEqual({
      plan: { version: 3, hash: plan.hash, state: 'accepted' },
    })
    expect(first.applied).toEqual([['running', { level: 60 }]])
    await first.agent.stop()

    const second = await agentWithPlan({}, first.dataDir)
    expect(second.applied).toEqual([['before start', { level: 60 }]])
    expect(heardOn(second.accepted, 'birth')[0]?.held).toEqual({
      plan: { version: 3, hash: plan.hash },
    })
  })

  test('are refused with the reason, and what was in force stays', async () => {
    const { desire, applied } = await agentWithPlan()
    await desire({ plan: section(3, { level: 60 }) })
    expect(await desire({ plan: section(4, { bad: 1 }) })).toMatchObject({
      plan: { version: 4, state: 'refused', reason: 'not a plan of this cabinet' },
    })
    expect(applied.at(-1)).toEqual(['running', { level: 60 }])
    expect(await desire({ plan: section(5, { level: 1 }, 'f'.repeat(64)) })).toMatchObject({
      plan: { version: 5, state: 'refused', reason: 'the hash does not match the body' },
    })
    expect(await desire({ lock: section(1, {}) })).toMatchObject({
      lock: { version: 1, state: 'refused', reason: 'this agent has no such section' },
    })
    expect(await desire({ config: section(1, { telemetryEveryMs: 3 }) })).toMatchObject({
      config: { state: 'refused' },
    })
    expect(applied).toHaveLength(2)
  })

  test('of an older version are ignored in one lineage and taken from a restored hub', async () => {
    const { desire, applied } = await agentWithPlan()
    const held = section(7, { level: 70 })
    await desire({ plan: held })
    expect(await desire({ plan: section(6, { level: 60 }) })).toEqual({
      plan: { version: 7, hash: held.hash, state: 'accepted' },
    })
    expect(applied).toHaveLength(1)
    await desire({ plan: section(2, { level: 20 }) }, 'b2')
    expect(applied.at(-1)).toEqual(['running', { level: 20 }])
  })

  test('that do not decode, or bring names of the future, disturb nothing', async () => {
    const { broker, desire, applied } = await agentWithPlan()
    await broker.send(agentId, 'desired', { sections: 'nonsense' })
    await broker.send(agentId, 'command', { no: 'id' })
    await broker.send(agentId, 'time', { at: 'yesterday', trust: 'trusted' })
    const reported = await desire({ plan: section(1, { level: 5 }), dance: section(1, {}) })
    expect(Object.keys(reported ?? {})).toEqual(['plan'])
    expect(applied).toHaveLength(1)
  })

  test('two units share a section: what one refuses, the other gives back', async () => {
    const seen: unknown[] = []
    const willing = fakeUnit(systemClock, {
      unit: 'cab1',
      sections: { plan: async (body) => void seen.push(body) },
    })
    const picky = fakeUnit(systemClock, {
      unit: 'cab2',
      sections: {
        plan: async (body) => {
          if (JSON.stringify(body) !== '{"level":1}') throw new Error('only level 1')
        },
      },
    })
    const { desire } = await agentWithPlan({ collectors: [willing, picky] })
    await desire({ plan: section(1, { level: 1 }) })
    expect(await desire({ plan: section(2, { level: 2 }) })).toMatchObject({
      plan: { state: 'refused', reason: 'only level 1' },
    })
    expect(seen).toEqual([{ level: 1 }, { level: 2 }, { level: 1 }])
  })
})

describe('commands', () => {
  const inAMinute = () => new Date(systemClock.now() + minutes(1)).toISOString()
  const command = (id: string, change = {}) => ({
    id,
    expiresAt: inAMinute(),
    name: 'blink',
    args: {},
    ...change,
  })

  test('are carried out once, whatever comes again, also after a restart', async () => {
    let done = 0
    const commands = { blink: async () => ({ times: ++done }) }
    const first = await agentWithPlan({ commands })
    await first.broker.send(agentId, 'command', command('c-1'))
    await first.broker.send(agentId, 'command', command('c-1'))
    await first.broker.send(agentId, 'command', command('c-2'))
    await until(() => heardOn(first.accepted, 'reply').length >= 2)
    await first.agent.stop()
    const second = await agentWithPlan({ commands }, first.dataDir)
    await second.broker.send(agentId, 'command', command('c-1'))
    await second.broker.send(agentId, 'command', command('c-3'))
    await until(() => heardOn(second.accepted, 'reply').length >= 1)
    const replies = [...first.accepted, ...second.accepted]
    expect(heardOn(replies, 'reply').map(({ command: id, ok, body }) => [id, ok, body])).toEqual([
      ['c-1', true, { times: 1 }],
      ['c-2', true, { times: 2 }],
      ['c-3', true, { times: 3 }],
    ])
  })

  test('that expired, fail or are unknown are answered with the reason', async () => {
    const commands = {
      blink: async () => {
        throw new Error('relay does not answer')
      },
    }
    const { broker, accepted } = await agentWithPlan({ commands })
    const ask = (id: string, change = {}) => broker.send(agentId, 'command', command(id, change))
    await ask('late', { expiresAt: new Date(systemClock.now() - 1).toISOString() })
    await ask('broken')
    await ask('strange', { name: 'fly' })
    await until(() => heardOn(accepted, 'reply').length === 3)
    const answers = heardOn(accepted, 'reply').map(({ command: id, ok, error }) => [id, ok, error])
    expect(answers.toSorted()).toEqual([
      ['broken', false, 'relay does not answer'],
      ['late', false, 'expired'],
      ['strange', false, 'not supported by this agent: fly'],
    ])
  })

  test('are not carried out by who does not know the time', async () => {
    const { broker, accepted } = await agentWithPlan({
      timeSource: knowsNothing,
      commands: { blink: async () => 'done' },
    })
    await broker.send(agentId, 'command', command('c-1'))
    await until(() => heardOn(accepted, 'reply').length === 1)
    expect(heardOn(accepted, 'reply')[0]).toMatchObject({ ok: false, error: /time/ })
  })

  test('probe looks at a unit at once', async () => {
    const { broker, accepted, unit } = await agentWithPlan()
    await until(() => unit.polls() === 1)
    await broker.send(agentId, 'command', command('c-1', { name: 'probe', args: { unit: 'nvr1' } }))
    await until(() => unit.polls() === 2)
    await until(() => heardOn(accepted, 'reply').length === 1)
  })
})

describe('conditions', () => {
  test('are said at birth, on change and every five minutes, and never ended by a restart', async () => {
    const clock = createManualClock(Date.UTC(2026, 10, 24, 11))
    const hub = await startBroker()
    onTestFinished(() => hub.broker.close())
    const config = agentConfig(temporaryFolder(), hub.port)
    const unit = fakeUnit(clock)
    const run = () => startAgent({ config, clock, collectors: [unit], random: () => 0.5 })
    const sets = () => heardOn(hub.accepted, 'conditions')
    const step = async (condition: () => unknown) =>
      until(async () => {
        await clock.live(500)
        return condition()
      })
    const first = await run()
    await step(() => sets().some(({ unknown }) => unknown.length === 0))
    unit.verdicts = [{ part: 'disk:1', code: 'disk-fault', state: 'fault', raw: 'error' }]
    await step(() => sets().at(-1)?.active.length === 1)
    const since = sets().at(-1)?.active[0]?.since
    const count = sets().length
    await clock.live(minutes(6))
    await until(() => sets().length > count)
    expect(sets().length).toBeLessThanOrEqual(count + 2)
    await first.stop()

    hub.accepted.length = 0
    unit.verdicts = [{ part: 'disk:1', code: 'disk-fault', state: 'unknown' }]
    await run()
    await step(() => sets().length > 0)
    for (const { active } of sets()) {
      expect(active).toMatchObject([{ unit: 'nvr1', part: 'disk:1', since }])
    }
    expect(heard(hub.accepted)[0]?.channel).toBe('birth')
  })

  test('a unit that hangs does not hold up the others', async () => {
    const hub = await startBroker()
    onTestFinished(() => hub.broker.close())
    const stuck = fakeUnit(systemClock, { unit: 'nvr9', collect: () => new Promise(() => {}) })
    const lively = fakeUnit(systemClock, { unit: 'nvr1' })
    await startAgent({
      config: agentConfig(temporaryFolder(), hub.port),
      clock: systemClock,
      collectors: [stuck, lively],
    })
    await until(() => heardOn(hub.accepted, 'telemetry').length > 0)
    await until(() =>
      heardOn(hub.accepted, 'conditions').some(
        ({ unknown }) => JSON.stringify(unknown) === '[{"unit":"nvr9"}]',
      ),
    )
  })
})
