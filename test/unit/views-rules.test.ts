import { array, assert as check, constantFrom, integer, property, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Permission } from '../../src/contract/api/access.ts'
import { areaStats } from '../../src/contract/wire/measures.ts'
import { createManualClock, minutes, seconds } from '../../src/core/clock.ts'
import { severities } from '../../src/faults/catalogue.ts'
import type { Scope } from '../../src/http/actor.ts'
import { createLiveStream, type LiveReader } from '../../src/http/live.ts'
import { fromCursor, toCursor, toPage } from '../../src/http/page.ts'
import { countAreas } from '../../src/views/area-summary.ts'
import { type HealthFacts, healthOf } from '../../src/views/health.ts'
import { type LivePiece, mayChangeRights, wantsPiece } from '../../src/views/live-feed.ts'

describe('a page', () => {
  test('is cut where the next one begins', () => {
    const rows = [1, 2, 3].map((n) => ({ n, id: `id-${n}` }))
    const page = toPage(rows, 2, (row) => [row.n, row.id])
    expect(page.items).toEqual(rows.slice(0, 2))
    expect(fromCursor(page.next ?? '', ['int', 'text'])).toEqual([2, 'id-2'])
    expect(toPage(rows, 3, (row) => [row.n]).next).toBeNull()
    expect(toPage([], 3, () => [1])).toEqual({ items: [], next: null })
  })

  test('has a cursor for any key, also in Vietnamese', () => {
    const key = ['Ngã tư Chợ, "cổng"\n', Number.MAX_SAFE_INTEGER]
    expect(fromCursor(toCursor(key), ['text', 'int'])).toEqual(key)
  })

  test.each([
    ['', ['text']],
    ['!!!', ['text']],
    [toCursor(['a']), ['text', 'text']],
    [toCursor(['a', 'b']), ['text']],
    [toCursor([1]), ['text']],
    [toCursor(['1']), ['int']],
    [toCursor([1.5]), ['int']],
    [toCursor([Number.NaN]), ['int']],
    [toCursor([2 ** 60]), ['int']],
    [Buffer.from('{"length":1,"0":"a"}').toString('base64url'), ['text']],
    [Buffer.from('null').toString('base64url'), ['text']],
  ] as const)('refuses the cursor %j for %j', (cursor, kinds) => {
    expect(() => fromCursor(cursor, kinds)).toThrow(/without the cursor/)
  })
})

describe('health', () => {
  const state = (values: Record<string, number | null>, reasons = {}) => ({
    at: 0,
    values,
    reasons,
  })
  const facts = (over: Partial<HealthFacts>): HealthFacts =>
    ({
      kind: 'camera',
      alerts: [],
      bound: true,
      agentSilent: false,
      state: state({ online: 1 }),
      ...over,
    }) as HealthFacts

  test.each<[string, Partial<HealthFacts>, string, string | null]>([
    ['all well', {}, 'ok', null],
    ['an alert', { alerts: ['channel-offline', 'x'] }, 'fault', 'channel-offline'],
    ['an alert, though nobody sees it now', { alerts: ['x'], agentSilent: true }, 'fault', 'x'],
    ['nobody looks', { bound: false }, 'unknown', 'no-agent'],
    ['who looks is silent', { agentSilent: true }, 'unknown', 'agent-silent'],
    ['nothing was said yet', { state: undefined }, 'unknown', 'no-data'],
    ['a hold is running', { state: state({ online: 0 }) }, 'unknown', 'checking'],
    [
      'it is not known, with the reason',
      { state: state({ online: null }, { online: 'timeout' }) },
      'unknown',
      'timeout',
    ],
    [
      'nothing of it is known',
      { state: state({ online: null }, { '': 'recorder-unreachable' }) },
      'unknown',
      'recorder-unreachable',
    ],
    ['it was not asked', { state: state({}) }, 'unknown', 'not-known'],
    ['a UPS on mains', { kind: 'ups', state: state({ on_battery: 0 }) }, 'ok', null],
    ['a UPS on battery', { kind: 'ups', state: state({ on_battery: 1 }) }, 'unknown', 'checking'],
    ['an agent that speaks', { kind: 'agent', state: undefined }, 'ok', null],
    ['a circuit that was heard of', { kind: 'circuit', state: state({ on: 0 }) }, 'ok', null],
  ])('%s', (_what, over, health, reason) => {
    expect(healthOf(facts(over))).toEqual({ health, reason })
  })

  test('is never well where nobody can see', async () => {
    const kind = constantFrom<HealthFacts['kind'][]>(
      'camera',
      'recorder',
      'ups',
      'cabinet',
      'circuit',
    )
    const blind = constantFrom<Partial<HealthFacts>[]>(
      { bound: false },
      { agentSilent: true },
      { state: undefined },
    )
    await check(
      property(kind, blind, (one, how) => {
        expect(healthOf(facts({ kind: one, ...how })).health).toBe('unknown')
      }),
    )
  })
})

describe('counts of areas', () => {
  type Facts = Parameters<typeof countAreas>[0][number]
  const camera = (areaId: string, values?: Record<string, number | null>): Facts => ({
    kind: 'camera',
    areaId,
    bound: values !== undefined,
    state: values && ({ at: 0, values } as Facts['state']),
    codes: [],
  })
  const closure = [
    { ancestorId: 'p', areaId: 'p' },
    { ancestorId: 'p', areaId: 'a' },
    { ancestorId: 'a', areaId: 'a' },
    { ancestorId: 'p', areaId: 'b' },
    { ancestorId: 'b', areaId: 'b' },
  ]

  test('tell online, unknown and unwatched apart, with all that is below', () => {
    const counts = countAreas(
      [
        camera('a', { online: 1, recording: 1 }),
        camera('a', { online: 0, recording: 0 }),
        camera('a', { online: null }),
        camera('a', {}),
        camera('b'),
        { kind: 'cabinet', areaId: 'b', bound: true, state: undefined, codes: [] },
      ],
      [
        { areaId: 'a', severity: 'critical' },
        { areaId: 'p', severity: 'low' },
      ],
      closure,
    )
    expect(counts.get('a')).toMatchObject({
      cameras_registered: 4,
      cameras_monitored: 4,
      cameras_online: 1,
      cameras_recording: 1,
      cameras_unknown: 2,
      alerts_open_critical: 1,
    })
    expect(counts.get('b')).toMatchObject({ cameras_registered: 1, cameras_monitored: 0 })
    expect(counts.get('b')).toMatchObject({ cabinets_registered: 1, cameras_unknown: 0 })
    expect(counts.get('p')).toMatchObject({
      cameras_registered: 5,
      cabinets_registered: 1,
      alerts_open_critical: 1,
      alerts_open_low: 1,
    })
  })

  test.each([
    ['lit', { on: 1 }, [], { circuits_lit: 1, circuits_dark: 0, circuits_day_burning: 0 }],
    ['off', { on: 0 }, [], { circuits_lit: 0, circuits_dark: 0, circuits_day_burning: 0 }],
    // A contactor that is on proves nothing: the meter says that no lamp burns.
    ['dark', { on: 1 }, ['lights-not-burning'], { circuits_lit: 0, circuits_dark: 1 }],
    ['burning by day', { on: 1 }, ['day-burning'], { circuits_lit: 1, circuits_day_burning: 1 }],
    ['not known', { on: null }, [], { circuits_lit: 0, circuits_dark: 0 }],
  ])('know a circuit that is %s', (_what, values, codes, expected) => {
    const state = { at: 0, values } as Facts['state']
    const counts = countAreas(
      [{ kind: 'circuit', areaId: 'a', bound: true, state, codes }],
      [],
      closure,
    )
    expect(counts.get('a')).toMatchObject(expected)
  })

  test('of areas without anything are nought, and there for every area', () => {
    const counts = countAreas([], [], closure)
    expect([...counts.keys()].sort()).toEqual(['a', 'b', 'p'])
    expect(new Set(Object.values(counts.get('p') ?? {}))).toEqual(new Set([0]))
    for (const name of Object.keys(areaStats)) expect(counts.get('p')).toHaveProperty(name)
  })

  test('of the whole are the sum of its parts, and monitored = online + offline + unknown', async () => {
    const some = array(
      record({
        areaId: constantFrom('a', 'b', 'p'),
        online: constantFrom<(number | null | undefined)[]>(0, 1, null, undefined),
      }),
    )
    const severity = constantFrom(...severities)
    await check(
      property(some, array(severity), integer({ min: 0, max: 2 }), (list, found, at) => {
        const facts = list.map(({ areaId, online }) =>
          camera(areaId, online === undefined ? undefined : { online }),
        )
        const areaId = ['a', 'b', 'p'][at] ?? 'a'
        const counts = countAreas(
          facts,
          found.map((one) => ({ areaId, severity: one })),
          closure,
        )
        const whole = counts.get('p')
        expect(whole?.cameras_registered).toBe(list.length)
        const offline = list.filter((one) => one.online === 0).length
        expect(whole?.cameras_monitored).toBe(
          (whole?.cameras_online ?? 0) + (whole?.cameras_unknown ?? 0) + offline,
        )
        const alerts = severities.reduce(
          (sum, one) => sum + (whole?.[`alerts_open_${one}`] ?? 0),
          0,
        )
        expect(alerts).toBe(found.length)
      }),
    )
  })
})

describe('the live stream', () => {
  const actor = (scope: Scope, rights: Permission[] = []) => ({
    scope: () => scope,
    may: (permission: Permission) => rights.includes(permission),
  })
  const piece = (event: string, where?: LivePiece['where']): LivePiece => ({
    event,
    data: {},
    where,
  })
  const inside = { areas: ['hamlet', 'commune', 'province'], contractId: 'c1' }
  const ofArea = actor({ everywhere: false, areas: ['commune'], contracts: [] })
  const ofContract = actor({ everywhere: false, areas: [], contracts: ['c1'] })
  const ofAll = actor({ everywhere: true })
  const nobody = actor({ everywhere: false, areas: [], contracts: [] })

  test.each([
    ['the area around it', ofArea, piece('alert.opened', inside), true],
    ['another area', ofArea, piece('alert.opened', { areas: ['x'], contractId: 'c1' }), false],
    ['its contract', ofContract, piece('alert.opened', inside), true],
    ['another contract', ofContract, piece('alert.opened', { areas: [], contractId: 'c2' }), false],
    ['no contract', ofContract, piece('alert.opened', { areas: [], contractId: null }), false],
    ['what has no place, to some', ofArea, piece('binding.changed'), false],
    ['what has no place, to who sees all', ofAll, piece('binding.changed'), true],
    ['anything, to nobody', nobody, piece('alert.opened', inside), false],
    ['users, to who may not read them', ofAll, piece('user.changed'), false],
    ['users, to who may', actor({ everywhere: true }, ['user:read']), piece('user.changed'), true],
    ['targets, to who may not', ofAll, piece('notify.target-added'), false],
    ['a room called like a prototype', ofAll, piece('constructor.changed'), true],
  ])('brings %s: %#', (_what, who, message, wanted) => {
    expect(wantsPiece(who, new Set())(message)).toBe(wanted)
  })

  test('brings telemetry of what is watched, to nobody else, whatever they may see', () => {
    const telemetry: LivePiece = { ...piece('telemetry'), assetId: 'one' }
    expect(wantsPiece(ofAll, new Set(['one']))(telemetry)).toBe(true)
    expect(wantsPiece(ofAll, new Set(['two']))(telemetry)).toBe(false)
  })

  const reader = (over: Partial<LiveReader> = {}): LiveReader => ({
    userId: 'u1',
    everywhere: false,
    watched: new Set(['one']),
    wants: () => true,
    ...over,
  })

  test.each([
    ['user.changed', 'u1', {}, {}, true],
    ['user.changed', 'u2', {}, {}, false],
    ['area.changed', 'a', {}, {}, true],
    ['area.changed', 'a', {}, { everywhere: true }, false],
    ['asset.changed', 'one', { moved: true }, {}, true],
    ['asset.changed', 'one', { moved: false }, {}, false],
    ['asset.changed', 'two', { moved: true }, {}, false],
    ['asset.changed', 'one', { moved: true }, { everywhere: true }, false],
    ['alert.opened', 'one', {}, {}, false],
  ])('by %s of %s %j may end that of %j: %s', (kind, subject, data, over, ends) => {
    expect(mayChangeRights({ kind, subject, data })(reader(over))).toBe(ends)
  })

  /** As much of a reply as the stream uses. */
  function fakeReply() {
    const state = { text: '', ended: false, destroyed: false, writableLength: 0 }
    const onClose: (() => void)[] = []
    const raw = {
      writeHead: () => {},
      write: (text: string) => {
        state.text += text
      },
      end: () => {
        state.ended = true
      },
      destroy: () => {
        state.destroyed = true
      },
      on: (_event: string, listener: () => void) => onClose.push(listener),
      get writableLength() {
        return state.writableLength
      },
    }
    const leave = () => {
      for (const listener of onClose) listener()
    }
    return { state, leave, reply: { hijack: () => {}, raw } as never }
  }

  test('beats, ends after ten minutes, and lets go of who leaves', () => {
    const clock = createManualClock(0)
    const live = createLiveStream(clock)
    const [one, two] = [fakeReply(), fakeReply()]
    live.open(one.reply, reader())
    clock.advance(minutes(9))
    live.open(two.reply, reader())
    expect(one.state.text.match(/: here/g)).toHaveLength(27)
    expect(live.listeners()).toBe(2)
    clock.advance(minutes(1) + seconds(20))
    expect([one.state.ended, two.state.ended]).toEqual([true, false])
    two.leave()
    expect(live.listeners()).toBe(0)
    live.close()
  })

  test('drops who does not keep up, and nobody else', () => {
    const live = createLiveStream(createManualClock(0))
    const [slow, quick] = [fakeReply(), fakeReply()]
    for (const { reply } of [slow, quick]) live.open(reply, reader())
    slow.state.writableLength = 2_000_000
    live.publish({ id: 'l:1', event: 'alert.opened', data: { name: 'a\nb' } })
    expect([slow.state.destroyed, quick.state.destroyed]).toEqual([true, false])
    expect(quick.state.text).toContain('id: l:1\nevent: alert.opened\ndata: {"name":"a\\nb"}\n\n')
    expect(live.listeners()).toBe(1)
    live.close()
    expect(quick.state.ended).toBe(true)
  })
})
