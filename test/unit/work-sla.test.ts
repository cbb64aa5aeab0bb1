import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addWorkingTime,
  type Calendar,
  hasWorkingTime,
  type Interval,
  union,
  workedMs,
  workingTime,
} from '../../src/work/calendar.ts'
import { count, monthSpan, percentOf, subtrees } from '../../src/work/compliance.ts'
import { type AlertEvent, type ClockState, slaClocks } from '../../src/work/sla.ts'

const minuteMs = 60_000
const two = (n: number) => String(n).padStart(2, '0')
const inVietnam = (text: string) => Date.parse(`${text}:00+07:00`)
const always: Calendar = {
  timeZone: 'Asia/Ho_Chi_Minh',
  weekly: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from: '00:00', to: '24:00' })),
  dates: [],
}
const office: Calendar = {
  ...always,
  weekly: [1, 2, 3, 4, 5].flatMap((weekday) => [
    { weekday, from: '07:30', to: '11:30' },
    { weekday, from: '13:30', to: '17:00' },
  ]),
}

/** Is this minute working time? By the wall clock of that minute alone, with no arithmetic. */
function oracle({ timeZone, weekly, dates }: Calendar) {
  const formatter = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone, year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  } as Intl.DateTimeFormatOptions)
  const segmentsOf = (date: string) => {
    const own = dates.find((one) => one.date === date)
    if (own) return own.segments
    const weekday = new Date(`${date}T00:00:00Z`).getUTCDay() || 7
    return weekly.filter((one) => one.weekday === weekday)
  }
  const dayBefore = (date: string) =>
    new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)
  const known = new Map<string, ReturnType<typeof segmentsOf>>()
  const segments = (date: string) => {
    const found = known.get(date) ?? segmentsOf(date)
    known.set(date, found)
    return found
  }
  return (at: number): boolean => {
    const [date = '', time = ''] = formatter.format(at).split(', ')
    const today = segments(date).some(({ from, to }) =>
      to > from || to === '24:00' ? time >= from && time < to : time >= from,
    )
    const fromYesterday = segments(dayBefore(date)).some(
      ({ from, to }) => to !== '24:00' && to <= from && time < to,
    )
    return today || fromYesterday
  }
}

const segmentTime = fc
  .tuple(fc.integer({ min: 4, max: 23 }), fc.constantFrom(0, 1, 30, 59))
  .map(([hour, minute]) => `${two(hour)}:${two(minute)}`)
const segment = fc.record({
  from: segmentTime,
  to: fc.oneof(segmentTime, fc.constant('24:00'), fc.constant('04:00')),
})
/** Two weeks that hold a change of daylight saving where there is one. */
const worlds = [
  { timeZone: 'Asia/Ho_Chi_Minh', first: '2026-02-10' },
  { timeZone: 'Europe/Berlin', first: '2026-03-23' },
  { timeZone: 'America/New_York', first: '2026-10-26' },
] as const
const dayFrom = (first: string, n: number) =>
  new Date(Date.parse(`${first}T00:00:00Z`) + n * 86_400_000).toISOString().slice(0, 10)

const world = fc.constantFrom(...worlds).chain(({ timeZone, first }) =>
  fc.record({
    start: fc.constant(Date.parse(`${first}T12:00:00Z`)),
    calendar: fc.record({
      timeZone: fc.constant(timeZone),
      weekly: fc.array(
        segment.chain((one) =>
          fc.integer({ min: 1, max: 7 }).map((weekday) => ({ ...one, weekday })),
        ),
        { minLength: 1, maxLength: 8 },
      ),
      dates: fc.uniqueArray(fc.integer({ min: 0, max: 13 }), { maxLength: 4 }).chain((days) =>
        fc.tuple(
          ...days.map((n) =>
            fc.record({
              date: fc.constant(dayFrom(first, n)),
              name: fc.constant(''),
              segments: fc.array(segment, { maxLength: 2 }),
            }),
          ),
        ),
      ),
    }),
  }),
)

const minutesLong = 6 * 1440
const minute = fc.integer({ min: 0, max: minutesLong })
const history = fc.record({
  events: fc.array(
    fc.record({
      at: minute,
      what: fc.constantFrom('acknowledged' as const, 'resolved' as const, 'reopened' as const),
    }),
    { maxLength: 7 },
  ),
  opened: fc.integer({ min: 0, max: 1440 }),
  now: minute,
  pauses: fc.array(
    fc.tuple(minute, minute).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })),
    { maxLength: 4 },
  ),
  responseMin: fc.integer({ min: 1, max: 600 }),
  resolutionMin: fc.integer({ min: 1, max: 3000 }),
})

/** The clocks minute by minute: no intervals, no sorting tricks, just time passing. */
function liveThrough(
  events: readonly AlertEvent[],
  about: { working: (at: number) => boolean; pauses: readonly Interval[]; now: number },
) {
  const sorted = events.toSorted((a, b) => a.at - b.at)
  let [isOpen, answered, wasOpened] = [false, false, false]
  const used = { response: 0, resolution: 0 }
  const start = sorted[0]?.at ?? 0
  for (let at = start, i = 0; at <= about.now; at += minuteMs) {
    for (; (sorted[i]?.at ?? Number.POSITIVE_INFINITY) <= at; i += 1) {
      const what = sorted[i]?.what
      if (what === 'opened' || what === 'reopened') [isOpen, wasOpened] = [true, true]
      if (what === 'resolved' && isOpen) [isOpen, answered] = [false, true]
      if (what === 'acknowledged') answered = true
    }
    if (at === about.now || !wasOpened) continue
    const isPaused = about.pauses.some((pause) => at >= pause.from && at < pause.to)
    if (isPaused || !about.working(at)) continue
    if (isOpen) used.resolution += minuteMs
    if (!answered) used.response += minuteMs
  }
  return { used, isOpen, answered }
}

describe('working time', () => {
  it('is what the wall clock of each minute says, in every zone and over its changes', () => {
    fc.assert(
      fc.property(world, minute, minute, ({ calendar, start }, a, b) => {
        const [from, to] = [start + Math.min(a, b) * minuteMs, start + Math.max(a, b) * minuteMs]
        const working = oracle(calendar)
        let expected = 0
        for (let at = from; at < to; at += minuteMs) if (working(at)) expected += minuteMs
        expect(workedMs(calendar, { from, to })).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('adds what it counts: so much time after a moment that much has been worked, and no less', () => {
    fc.assert(
      fc.property(
        world,
        minute,
        fc.integer({ min: 1, max: 5000 }),
        ({ calendar, start }, a, work) => {
          const from = start + a * minuteMs
          const due = addWorkingTime(calendar, from, work * minuteMs)
          if (due === Number.POSITIVE_INFINITY) return
          expect(workedMs(calendar, { from, to: due })).toBe(work * minuteMs)
          expect(workedMs(calendar, { from, to: due - 1 })).toBe(work * minuteMs - 1)
        },
      ),
      { numRuns: 300 },
    )
  })

  it.each([
    ['a Monday night', '2026-11-23T23:00', '2026-11-24T02:00', 180],
    ['the morning after, of the day it opened', '2026-11-24T02:00', '2026-11-24T06:00', 180],
    ['the morning before: Sunday has none', '2026-11-23T02:00', '2026-11-23T06:00', 0],
    ['half-open at both edges', '2026-11-24T05:00', '2026-11-24T22:00', 0],
  ])('lets a shift over midnight belong to the day it opens: %s', (_, from, to, expected) => {
    const nights = { ...always, weekly: [{ weekday: 1, from: '22:00', to: '05:00' }] }
    expect(workedMs(nights, { from: inVietnam(from), to: inVietnam(to) }) / minuteMs).toBe(expected)
  })

  it('takes a holiday away, night shift and all, and adds a make-up Saturday', () => {
    const nights = { ...always, weekly: [{ weekday: 1, from: '22:00', to: '05:00' }] }
    const tet = { date: '2026-11-23', name: 'Nghỉ', segments: [] }
    const week = { from: inVietnam('2026-11-23T00:00'), to: inVietnam('2026-11-30T00:00') }
    expect(workedMs({ ...nights, dates: [tet] }, week)).toBe(0)
    const makeUp = {
      date: '2026-11-28',
      name: 'Làm bù',
      segments: [{ from: '07:30', to: '11:30' }],
    }
    expect(workedMs({ ...office, dates: [makeUp] }, week) / 3_600_000).toBe(5 * 7.5 + 4)
  })

  it('counts overlapping segments once', () => {
    const twice = {
      ...always,
      weekly: [...always.weekly, { weekday: 2, from: '08:00', to: '12:00' }],
    }
    const week = { from: inVietnam('2026-11-23T00:00'), to: inVietnam('2026-11-30T00:00') }
    expect(workedMs(twice, week)).toBe(7 * 86_400_000)
    expect(
      union([
        { from: 5, to: 5 },
        { from: 3, to: 4 },
        { from: 1, to: 3 },
      ]),
    ).toEqual([{ from: 1, to: 4 }])
    expect(workingTime(always, { from: 5, to: 5 })).toEqual([])
  })

  it('ends in Infinity and not in a loop when there is too little', () => {
    const none = { ...always, weekly: [] }
    expect(addWorkingTime(none, 0, 1)).toBe(Number.POSITIVE_INFINITY)
    expect(hasWorkingTime(none)).toBe(false)
    expect(hasWorkingTime(office)).toBe(true)
  })
})

describe('SLA clocks', () => {
  it('equal a life lived minute by minute, on 2,000 random histories', () => {
    fc.assert(
      fc.property(world, history, ({ calendar, start }, raw) => {
        const at = (n: number) => start + n * minuteMs
        const events: AlertEvent[] = [
          { at: at(raw.opened), what: 'opened' },
          ...raw.events
            .filter((event) => event.at > raw.opened)
            // What happens in the same minute has no order that anyone could check.
            .filter((event, i, all) => all.findIndex((other) => other.at === event.at) === i)
            .map(({ at: n, what }) => ({ at: at(n), what })),
        ]
        const now = at(Math.max(raw.now, raw.opened))
        const pauses = raw.pauses.map(({ from, to }) => ({ from: at(from), to: at(to) }))
        const target = {
          responseMs: raw.responseMin * minuteMs,
          resolutionMs: raw.resolutionMin * minuteMs,
        }
        const clocks = slaClocks({ events, target, calendar, now, pauses })
        const life = liveThrough(events, { working: oracle(calendar), pauses, now })
        const stateOf = (used: number, targetMs: number, isOver: boolean) =>
          used > targetMs ? 'breached' : isOver ? 'met' : 'running'
        expect({
          response: [clocks?.response.usedMs, clocks?.response.state],
          resolution: [clocks?.resolution.usedMs, clocks?.resolution.state],
        }).toEqual({
          response: [
            life.used.response,
            stateOf(life.used.response, target.responseMs, life.answered),
          ],
          resolution: [
            life.used.resolution,
            stateOf(life.used.resolution, target.resolutionMs, !life.isOpen),
          ],
        })
      }),
      { numRuns: 2000 },
    )
  }, 120_000)

  it('are due when as much has been used, whatever was paused before', () => {
    fc.assert(
      fc.property(world, history, ({ calendar, start }, raw) => {
        const at = (n: number) => start + n * minuteMs
        const events: AlertEvent[] = [{ at: at(raw.opened), what: 'opened' }]
        const pauses = raw.pauses.map(({ from, to }) => ({ from: at(from), to: at(to) }))
        const target = { responseMs: minuteMs, resolutionMs: raw.resolutionMin * minuteMs }
        const ask = (now: number) =>
          slaClocks({ events, target, calendar, now, pauses })?.resolution
        const dueAt = ask(at(minutesLong))?.dueAt ?? 0
        if (dueAt === Number.POSITIVE_INFINITY) return
        expect(ask(dueAt)).toMatchObject({ state: 'running', usedMs: target.resolutionMs })
        expect(ask(dueAt + 86_400_000 * 9)?.dueAt).toBe(dueAt)
      }),
      { numRuns: 200 },
    )
  })

  const target = { responseMs: 60 * minuteMs, resolutionMs: 480 * minuteMs }
  const event = (text: string, what: AlertEvent['what']) => ({ at: inVietnam(text), what })
  const ask = (events: AlertEvent[], nowText: string, calendar = office, pauses: Interval[] = []) =>
    slaClocks({ events, target, calendar, now: inVietnam(nowText), pauses })
  const minutesOf = (clock: ClockState | undefined) => [
    clock?.state,
    (clock?.usedMs ?? 0) / minuteMs,
  ]

  it('credit a pause over a weekend with working time only', () => {
    const events = [event('2026-11-27T16:00', 'opened')]
    const pause = { from: inVietnam('2026-11-27T16:30'), to: inVietnam('2026-11-30T08:30') }
    expect(minutesOf(ask(events, '2026-11-30T09:00', office, [pause])?.resolution)).toEqual([
      'running',
      60,
    ])
  })

  it('do not breach while paused, and keep the pause when the target changes', () => {
    const events = [event('2026-11-24T07:30', 'opened')]
    const pause = { from: inVietnam('2026-11-24T08:00'), to: inVietnam('2026-11-26T08:00') }
    const clocks = ask(events, '2026-11-26T07:30', office, [pause])
    expect(minutesOf(clocks?.resolution)).toEqual(['running', 30])
    const shorter = slaClocks({
      ...{ events, calendar: office, now: inVietnam('2026-11-26T08:00'), pauses: [pause] },
      target: { ...target, resolutionMs: 30 * minuteMs },
    })
    expect(minutesOf(shorter?.resolution)).toEqual(['running', 30])
  })

  it('meet a target that is used up to the last moment, and are due at closing time', () => {
    const events = [event('2026-11-24T16:00', 'opened'), event('2026-11-24T17:00', 'acknowledged')]
    const clocks = ask(events, '2026-11-25T12:00')
    expect(minutesOf(clocks?.response)).toEqual(['met', 60])
    expect(clocks?.response.dueAt).toBe(inVietnam('2026-11-24T17:00'))
  })

  it('resume the same clock when reopened, without the time in between', () => {
    const events = [
      event('2026-11-24T07:30', 'opened'),
      event('2026-11-24T08:30', 'resolved'),
      event('2026-11-24T10:30', 'reopened'),
    ]
    const clocks = ask(events, '2026-11-24T11:30')
    expect(minutesOf(clocks?.resolution)).toEqual(['running', 120])
    expect(minutesOf(clocks?.response)).toEqual(['met', 60])
    expect(clocks?.resolution.doneAt).toBeNull()
  })

  it('stay breached when it is answered too late', () => {
    const events = [event('2026-11-24T07:30', 'opened'), event('2026-11-24T09:00', 'acknowledged')]
    expect(minutesOf(ask(events, '2026-11-24T09:00')?.response)).toEqual(['breached', 90])
  })

  it('know nothing of what has not happened yet', () => {
    const events = [event('2026-11-24T07:30', 'opened'), event('2026-11-24T08:00', 'resolved')]
    expect(ask(events, '2026-11-24T07:00')).toBeUndefined()
    expect(minutesOf(ask(events, '2026-11-24T07:45')?.resolution)).toEqual(['running', 15])
  })

  it('are never due, and fail nobody, in a calendar whose working time has passed', () => {
    const onceOnly = {
      ...always,
      weekly: [],
      dates: [{ date: '2026-11-20', name: '', segments: [{ from: '08:00', to: '09:00' }] }],
    }
    const events = [event('2026-11-24T07:30', 'opened')]
    expect(ask(events, '2026-11-24T09:00', onceOnly)?.resolution).toEqual({
      ...{ state: 'running', usedMs: 0, dueAt: Number.POSITIVE_INFINITY, doneAt: null },
    })
  })
})

describe('compliance', () => {
  const clock = (state: ClockState['state']): ClockState => ({
    state,
    usedMs: 0,
    dueAt: 0,
    doneAt: null,
  })
  it('decides nothing for what still runs, and rounds down', () => {
    expect(count([clock('running')])).toEqual({ met: 0, breached: 0, running: 1, percent: null })
    expect(count([clock('met'), clock('met'), clock('breached'), clock('running')])).toEqual({
      ...{ met: 2, breached: 1, running: 1, percent: 66.6 },
    })
    expect(percentOf(9996, 4)).toBe(99.9)
    expect(percentOf(0, 3)).toBe(0)
    expect(percentOf(3, 0)).toBe(100)
  })

  it.each([
    ['2026-11', 'Asia/Ho_Chi_Minh', '2026-10-31T17:00:00Z', '2026-11-30T17:00:00Z'],
    ['2026-12', 'Asia/Ho_Chi_Minh', '2026-11-30T17:00:00Z', '2026-12-31T17:00:00Z'],
    ['2028-02', 'UTC', '2028-02-01T00:00:00Z', '2028-03-01T00:00:00Z'],
    ['2026-03', 'Europe/Berlin', '2026-02-28T23:00:00Z', '2026-03-31T22:00:00Z'],
  ])('cuts %s in %s', (month, zone, from, to) => {
    expect(monthSpan(month, zone)).toEqual({ from: Date.parse(from), to: Date.parse(to) })
  })

  it('puts every area into all above it, and survives a tree that bites its tail', () => {
    const below = subtrees([
      { id: 'p', parentId: null },
      { id: 'c', parentId: 'p' },
      { id: 'h', parentId: 'c' },
      { id: 'x', parentId: 'y' },
      { id: 'y', parentId: 'x' },
    ])
    expect([...(below.get('p') ?? [])]).toEqual(['p', 'c', 'h'])
    expect([...(below.get('h') ?? [])]).toEqual(['h'])
    expect(below.get('x')).toEqual(new Set(['x', 'y']))
  })
})
