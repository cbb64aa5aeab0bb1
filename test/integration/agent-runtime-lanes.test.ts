import { describe, expect, onTestFinished, test } from 'vitest'
import { dial } from '../../agents/runtime/dial.ts'
import type { AgentOptions } from '../../agents/runtime/options.ts'
import { createManualClock, hours, minutes, seconds } from '../../src/core/clock.ts'
import {
  agentConfig,
  agentId,
  fakeUnit,
  heard,
  heardOn,
  keptByNtp,
  knowsNothing,
  pollOf,
  startAgent,
  temporaryFolder,
} from '../support/agent.ts'
import { type BrokerUnderTest, startBroker } from '../support/broker.ts'
import { until } from '../support/until.ts'

const now = Date.UTC(2026, 10, 24, 11)

async function hub(options: Parameters<typeof startBroker>[0] = {}): Promise<BrokerUnderTest> {
  const started = await startBroker(options)
  onTestFinished(() => started.broker.close())
  return started
}

/** Lets the manual clock run in small steps beside real sockets until the condition holds. */
async function living(
  clock: ReturnType<typeof createManualClock>,
  condition: () => unknown,
  stepMs = 100,
) {
  await until(
    async () => {
      if (condition()) return true
      await clock.live(stepMs)
      return condition()
    },
    { everyMs: 1 },
  )
}

describe('an agent whose hub was away', () => {
  test('says what is now before what was, and what was at a bounded rate', async () => {
    const clock = createManualClock(now)
    const { broker, accepted, port } = await hub()
    let away = true
    const config = agentConfig(temporaryFolder(), port, { outbox: { backlogPerSecond: 10 } })
    const unit = fakeUnit(clock)
    const agent = await startAgent({
      config,
      clock,
      collectors: [unit],
      connect: () => (away ? Promise.reject(new Error('away')) : dial(config.hub.url, {})),
    })
    await clock.live(hours(3))
    const before = unit.polls()
    expect(before).toBeGreaterThan(170)
    expect(agent.status()?.outbox.records).toBeGreaterThan(170)
    away = false
    await living(clock, () => broker.isConnected(agentId) && accepted.length >= 3)

    const first = heard(accepted).slice(0, 3)
    expect(first.map(({ channel }) => channel)).toEqual(['birth', 'conditions', 'telemetry'])
    expect(first.map(({ body }) => 'lane' in body && body.lane)).toEqual(['live', 'live', 'live'])
    const liveSample = heardOn(accepted, 'telemetry')[0]
    expect(liveSample && clock.now() - Date.parse(liveSample.at)).toBeLessThan(minutes(3))

    const startedAt = clock.monotonic()
    await living(clock, () => agent.status()?.outbox.records === 0)
    const tookMs = clock.monotonic() - startedAt
    const telemetry = heardOn(accepted, 'telemetry')
    const backlog = telemetry.filter(({ lane }) => lane === 'backlog')
    expect(backlog.map(pollOf)).toEqual(backlog.map(pollOf).toSorted((a, b) => a - b))
    expect(backlog.length / (tookMs / 1000)).toBeLessThanOrEqual(11)
    // Each poll arrived once, with the time at which it was made.
    const polls = telemetry.map(pollOf)
    expect(new Set(polls).size).toBe(polls.length)
    expect(polls.length).toBe(unit.polls())
    for (const body of telemetry) {
      expect(Math.abs(Date.parse(body.at) - (now + minutes(pollOf(body) - 1)))).toBeLessThan(
        minutes(10),
      )
    }
    const ids = heard(accepted).map(({ body }) => 'id' in body && String(body.id))
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('live records overtake the backlog that is still on its way', async () => {
    const clock = createManualClock(now)
    const { accepted, port } = await hub()
    let away = true
    const config = agentConfig(temporaryFolder(), port, { outbox: { backlogPerSecond: 0.5 } })
    const unit = fakeUnit(clock)
    await startAgent({
      config,
      clock,
      collectors: [unit],
      connect: () => (away ? Promise.reject(new Error('away')) : dial(config.hub.url, {})),
    })
    await clock.live(hours(4))
    away = false
    const offline = unit.polls()
    await living(clock, () =>
      heardOn(accepted, 'telemetry').some(
        (one) => one.lane === 'live' && pollOf(one) > offline + 2,
      ),
    )
    const backlog = heardOn(accepted, 'telemetry').filter(({ lane }) => lane === 'backlog')
    expect(backlog.length).toBeLessThan(offline / 2)
    expect(backlog.length).toBeGreaterThan(10)
  })
})

describe('an agent with a wrong clock', () => {
  test('keeps its records, and dates them when the hub tells the time', async () => {
    const clock = createManualClock(0)
    const { broker, accepted, port } = await hub()
    let away = true
    const config = agentConfig(temporaryFolder(), port, { outbox: { backlogPerSecond: 500 } })
    const agent = await startAgent({
      config,
      clock,
      timeSource: knowsNothing,
      collectors: async (depsFor) => [fakeUnit(depsFor('nvr1').clock)],
      connect: () => (away ? Promise.reject(new Error('away')) : dial(config.hub.url, {})),
    })
    await clock.live(hours(2))
    const bootBegan = now - clock.monotonic()
    away = false
    await living(clock, () => accepted.length >= 3)
    expect(agent.status()?.trust).toBe('untrusted')
    // What nobody can date is not sent as history.
    await clock.live(seconds(5))
    expect(heardOn(accepted, 'telemetry').filter(({ lane }) => lane === 'backlog')).toEqual([])
    expect(heardOn(accepted, 'birth')[0]?.trust).toBe('untrusted')

    const at = new Date(bootBegan + clock.monotonic()).toISOString()
    await broker.send(agentId, 'time', { at, trust: 'trusted' })
    await until(() => agent.status()?.trust === 'trusted')
    await living(clock, () => agent.status()?.outbox.records === 0)
    const backlog = heardOn(accepted, 'telemetry').filter(({ lane }) => lane === 'backlog')
    expect(backlog.length).toBeGreaterThan(100)
    for (const body of backlog) {
      expect(body.trust).toBe('trusted')
      const truth = bootBegan + body.mono
      expect(Math.abs(Date.parse(body.at) - truth)).toBeLessThan(2000)
      expect(Math.abs(Date.parse(body.samples[0]?.at ?? '') - truth)).toBeLessThan(2000)
    }
  })

  test('says nothing is judged until it knows the time, then dates its faults rightly', async () => {
    const clock = createManualClock(0)
    const { broker, accepted, port } = await hub()
    let away = true
    const config = agentConfig(temporaryFolder(), port)
    const collectors: AgentOptions['collectors'] = async (depsFor) => {
      const unit = fakeUnit(depsFor('nvr1').clock)
      unit.verdicts = [{ part: 'disk:1', code: 'disk-fault', state: 'fault' }]
      return [unit]
    }
    await startAgent({
      config,
      clock,
      timeSource: knowsNothing,
      collectors,
      connect: () => (away ? Promise.reject(new Error('away')) : dial(config.hub.url, {})),
    })
    await clock.live(hours(1))
    const bootBegan = now - clock.monotonic()
    away = false
    await living(clock, () => accepted.length >= 3)
    await clock.live(minutes(2))
    for (const { active, unknown } of heardOn(accepted, 'conditions')) {
      expect([active, unknown]).toEqual([[], [{ unit: 'nvr1' }]])
    }
    const at = new Date(bootBegan + clock.monotonic()).toISOString()
    await broker.send(agentId, 'time', { at, trust: 'trusted' })
    const isLive = ({ lane, active }: { lane: string; active: unknown[] }) =>
      lane === 'live' && active.length > 0
    await living(clock, () => heardOn(accepted, 'conditions').some(isLive))
    // The history comes too, with the same moment, and never as what is now.
    await living(clock, () =>
      heardOn(accepted, 'conditions').some(({ lane, active }) => lane === 'backlog' && active[0]),
    )
    for (const { active } of heardOn(accepted, 'conditions')) {
      const since = Date.parse(active[0]?.since ?? new Date(bootBegan).toISOString())
      expect(Math.abs(since - bootBegan)).toBeLessThan(2000)
    }
  })

  test('records of a boot that never knew go with bounds once the next boot knows', async () => {
    const clock = createManualClock(now)
    const { accepted, port } = await hub()
    const config = agentConfig(temporaryFolder(), port)
    const known = await startAgent({ config, clock, collectors: [fakeUnit(clock)] })
    await living(clock, () => accepted.length >= 3)
    await known.stop()
    const lastKnown = clock.now()

    clock.step(-hours(24 * 365 * 30))
    const lost = await startAgent({
      config,
      clock,
      timeSource: knowsNothing,
      collectors: [fakeUnit(clock)],
      connect: () => Promise.reject(new Error('away')),
    })
    await clock.live(minutes(30))
    await lost.stop()

    clock.step(hours(24 * 365 * 30))
    const nextBoot = clock.now()
    accepted.length = 0
    await startAgent({ config, clock, timeSource: keptByNtp, collectors: [fakeUnit(clock)] })
    await living(
      clock,
      () => heardOn(accepted, 'telemetry').filter(({ bounds }) => bounds).length > 25,
    )
    for (const { bounds, trust } of heardOn(accepted, 'telemetry').filter((one) => one.bounds)) {
      const [from, to] = (bounds ?? []).map((bound) => Date.parse(bound))
      expect(trust).toBe('untrusted')
      expect(Math.abs((from ?? 0) - lastKnown)).toBeLessThan(minutes(1))
      expect(Math.abs((to ?? 0) - nextBoot)).toBeLessThan(minutes(1))
    }
  })
})
