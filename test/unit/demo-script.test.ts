import { describe, expect, test } from 'vitest'
import { days, hours } from '../../src/core/clock.ts'
import { createLeapClock } from '../../src/demo/leap-clock.ts'
import { monthScript, nextHour } from '../../src/demo/month-script.ts'
import { DemoError, readOptions } from '../../src/demo/options.ts'
import { answerTo } from '../../src/demo/people.ts'
import { agentPlans, areas, cabinetPlans, recorderPlans } from '../../src/demo/province.ts'
import { chaptersOf, type LightHour, roundS } from '../../src/demo/story.ts'
import { createVirtualAgent } from '../../src/demo/virtual-agent.ts'
import { createWorld } from '../../src/demo/world.ts'

const to = Date.parse('2026-11-24T12:00:00+07:00')

describe('the province', () => {
  test('is as large as it is said to be, with every place in the tree', () => {
    expect([agentPlans.length, recorderPlans.length, cabinetPlans.length]).toEqual([22, 12, 10])
    expect(recorderPlans.filter(({ ups }) => ups)).toHaveLength(4)
    expect(recorderPlans.every(({ cameras }) => cameras.length >= 8 && cameras.length <= 16)).toBe(
      true,
    )
    const keys = new Set(areas.map(({ key }) => key))
    expect(agentPlans.filter(({ area }) => !keys.has(area))).toEqual([])
    expect(new Set(agentPlans.map(({ agentId }) => agentId)).size).toBe(22)
  })

  test('no two circuits of a cabinet share a phase, so that each is judged by its own power', () => {
    const shared = cabinetPlans.filter(({ circuits }) => {
      const phases = circuits.flatMap((one) => one.phases)
      return new Set(phases).size < phases.length
    })
    expect(shared).toEqual([])
  })
})

describe('the month', () => {
  test.each([1, 2, 3, 7, 30, 35])(
    'of %i days is in order, inside its days, and ends what it began',
    (n) => {
      const from = to - days(n)
      const script = monthScript({ from, to }, agentPlans)
      const times = script.map(({ at }) => at)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect(times.every((at) => at > from && at < to)).toBe(true)
      const begun = new Map<string, number>()
      for (const deed of script) {
        if (deed.do !== 'begin' && deed.do !== 'end') continue
        const key = JSON.stringify(deed.trouble)
        expect(begun.get(key) ?? 0, `${deed.do} ${key}`).toBe(deed.do === 'begin' ? 0 : 1)
        begun.set(key, deed.do === 'begin' ? 1 : 0)
      }
      const open = [...begun].filter(([, count]) => count > 0).map(([key]) => JSON.parse(key).kind)
      expect(open.toSorted()).toEqual(['camera', 'disk'])
    },
  )

  test('has every kind of trouble, and the same seed tells the same', () => {
    const span = { from: to - days(30), to }
    const script = monthScript(span, agentPlans)
    const kinds = script.flatMap((deed) => (deed.do === 'begin' ? [deed.trouble.kind] : []))
    expect([...new Set(kinds)].toSorted()).toEqual([
      'breaker',
      'camera',
      'disk',
      'mains',
      'meter',
      'recorder',
      'ups-driver',
      'welded',
    ])
    expect(monthScript(span, agentPlans)).toEqual(script)
  })

  test.each([
    ['2026-11-24T12:00:00+07:00', 19.5, '2026-11-24T12:30:00.000Z'],
    ['2026-11-24T20:00:00+07:00', 19.5, '2026-11-25T12:30:00.000Z'],
    ['2026-11-24T06:30:00+07:00', 6.5, '2026-11-23T23:30:00.000Z'],
  ])('after %s the hour %d is %s', (at, hour, expected) => {
    expect(new Date(nextHour(Date.parse(at), hour)).toISOString()).toBe(expected)
  })
})

describe('people', () => {
  const alert = (openedAt: string, severity: 'critical' | 'high') => ({
    id: openedAt,
    assetId: 'camera-1',
    areaId: 'a',
    code: 'channel-offline',
    severity,
    openedAt: new Date(openedAt).toISOString(),
  })

  test('what is not critical waits for the morning, and nobody answers before the alert', () => {
    const night = '2026-11-24T01:10:00+07:00'
    const morning = Date.parse('2026-11-24T06:30:00+07:00')
    expect(answerTo(alert(night, 'high'), true).at).toBeGreaterThan(morning)
    const awake = answerTo(alert(night, 'critical'), false).at - Date.parse(night)
    expect(awake).toBeGreaterThan(0)
    expect(awake).toBeLessThan(hours(5))
  })
})

describe('the story', () => {
  test.each(['burning', 'broad-day', 'between'] as const)(
    'while lights are %s, ends all it began',
    (hour: LightHour) => {
      const [cabinet] = cabinetPlans
      if (!cabinet) throw new Error('no cabinet')
      for (let round = 0; round < 40; round += 1) {
        const chapters = chaptersOf(round, { plans: agentPlans, cabinet, hour })
        const of = (what: 'begin' | 'end') =>
          chapters
            .filter((one) => one.do === what)
            .map((one) => JSON.stringify(one.trouble))
            .toSorted()
        expect(of('begin')).toEqual(of('end'))
        expect(chapters[0]?.afterS).toBeLessThan(60)
        expect(chapters.at(-1)?.afterS).toBeLessThan(roundS)
      }
    },
  )
})

describe('a leaping clock', () => {
  test('runs what was due once, at the arrival, and what was asked for meanwhile later', () => {
    const clock = createLeapClock(1000)
    const ran: string[] = []
    clock.every(10, () => ran.push(`every ${clock.now()}`))
    clock.after(5, () => {
      ran.push(`once ${clock.now()}`)
      clock.after(1, () => ran.push(`next ${clock.now()}`))
    })
    const gone = clock.after(7, () => ran.push('never'))
    gone.cancel()
    clock.leapTo(1100)
    clock.leapTo(1105)
    clock.leapTo(1110)
    clock.leapTo(1000)
    expect(ran).toEqual(['once 1100', 'every 1100', 'next 1105', 'every 1110'])
    expect(clock.now()).toBe(1110)
  })

  test('ends a sleep by the leap or by its signal', async () => {
    const clock = createLeapClock(0)
    const stop = new AbortController()
    const both = Promise.all([clock.sleep(50), clock.sleep(1e9, stop.signal)])
    clock.leapTo(60)
    stop.abort()
    expect(await both).toEqual([undefined, undefined])
  })
})

describe('an agent without sockets', () => {
  test('says that a disk failed as the real one would, and is silent without power', () => {
    const clock = createLeapClock(to)
    const world = createWorld(agentPlans, clock)
    const [plan] = recorderPlans.filter(({ ups }) => !ups)
    if (!plan) throw new Error('no recorder without a UPS')
    const { agentId } = plan
    const agent = createVirtualAgent(world.recorder(agentId), world)
    const channels = (records: { channel: string }[]) => records.map(({ channel }) => channel)
    expect(channels(agent.birth(to))).toEqual(['birth', 'conditions', 'telemetry'])
    world.begin({ kind: 'disk', agentId, disk: 1 })
    agent.pollBy(to + 10_000)
    expect(channels(agent.poll(to + 10_000))).toEqual(['telemetry'])
    expect(agent.dueAt()).toBe(to + 70_000)
    const [, conditions] = agent.poll(to + 70_000)
    const { active } = JSON.parse(String(conditions?.payload))
    expect(active).toMatchObject([{ unit: 'nvr1', part: 'disk:1', code: 'disk-fault' }])
    world.begin({ kind: 'mains', agentIds: [agentId] })
    expect(world.isAlive(agentId)).toBe(false)
    world.end({ kind: 'mains', agentIds: [agentId] })
    expect(world.isAlive(agentId)).toBe(true)
    expect(world.recorder(agentId).model.disks[0]?.status).toBe('error')
  })

  test('a UPS carries its site until the battery is empty', () => {
    const clock = createLeapClock(to)
    const world = createWorld(agentPlans, clock)
    const [plan] = recorderPlans.filter(({ ups }) => ups)
    if (!plan) throw new Error('no recorder with a UPS')
    const alive = (afterH: number) => {
      clock.leapTo(to + hours(afterH))
      world.age()
      return world.isAlive(plan.agentId)
    }
    world.begin({ kind: 'mains', agentIds: [plan.agentId] })
    expect([alive(0), alive(2), alive(5)]).toEqual([true, true, false])
    expect(world.recorder(plan.agentId).model.powered).toBe(false)
  })
})

describe('the command line', () => {
  test.each([
    [['--days', '0'], '--days is a whole number from 1 to 35, not "0"'],
    [['--days', '3.5'], '--days is a whole number'],
    [['--port', '70000'], '--port is a whole number from 1 to 65535'],
    [['--dayz', '3'], 'usage: npm run demo'],
  ])('%j is refused in words', (args, message) => {
    expect(() => readOptions(args)).toThrow(DemoError)
    expect(() => readOptions(args)).toThrow(message)
  })

  test('has good defaults', () => {
    expect(readOptions([])).toEqual({ days: 30, keep: undefined, port: 0, build: true })
  })
})
