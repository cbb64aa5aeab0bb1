import fc from 'fast-check'
import type { CircuitPlan, Program, Rule, Segment, TimeRef } from '../../src/contract/wire/plan.ts'
import type { Place } from '../../src/plan/sun.ts'

export const hanoi: Place = { lat: 21.0285, lon: 105.8542, timeZone: 'Asia/Ho_Chi_Minh' }

/** Epoch ms of a wall time in a zone, `2026-02-16T18:00`. */
export const at = (wall: string, timeZone = 'Asia/Ho_Chi_Minh'): number =>
  Temporal.PlainDateTime.from(wall).toZonedDateTime(timeZone).epochMilliseconds

/** The wall time of an instant, to the second. */
export const wall = (t: number, timeZone = 'Asia/Ho_Chi_Minh'): string =>
  Temporal.Instant.fromEpochMilliseconds(t)
    .toZonedDateTimeISO(timeZone)
    .toPlainDateTime()
    .toString({ smallestUnit: 'second' })

/** `18:00`, `sunset`, `sunrise-15` as a time reference. */
export function time(text: string): TimeRef {
  const sun = /^(sunset|sunrise|dusk|dawn)([+-]\d+)?$/.exec(text)
  if (!sun) return { kind: 'clock', at: text }
  const event = sun[1] as Extract<TimeRef, { kind: 'sun' }>['event']
  return { kind: 'sun', event, offsetMin: Number(sun[2] ?? 0) }
}

/** `on('17:00', '01:00', 50)` */
export const on = (from: string, to: string, level = 100): Segment => ({
  from: time(from),
  to: time(to),
  level,
})

export const program = (...segments: Segment[]): Program => ({ id: 'p', name: 'P', segments })
export const off: Program = { id: 'off', name: 'Off', segments: [] }

export const rule = (id: string, more: Partial<Rule> = {}): Rule => ({
  id,
  kind: 'default',
  priority: 0,
  program: program(on('18:00', '05:00')),
  ...more,
})

/** One default rule with these segments. */
export const planOf = (...segments: Segment[]): CircuitPlan => ({
  rules: [rule('r', { program: program(...segments) })],
  failSafe: off,
})

const clockText = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`)

const anyTime: fc.Arbitrary<TimeRef> = fc.oneof(
  clockText.map((text): TimeRef => ({ kind: 'clock', at: text })),
  fc.record(
    {
      kind: fc.constant('sun' as const),
      event: fc.constantFrom('sunset' as const, 'sunrise', 'dusk', 'dawn'),
      offsetMin: fc.integer({ min: -240, max: 240 }),
      notBefore: clockText,
      notAfter: clockText,
    },
    { requiredKeys: ['kind', 'event', 'offsetMin'] },
  ),
)

const anySegment: fc.Arbitrary<Segment> = fc.record(
  {
    from: anyTime,
    to: anyTime,
    level: fc.constantFrom(0, 30, 50, 100),
    onlyWhenDark: fc.boolean(),
  },
  { requiredKeys: ['from', 'to', 'level'] },
)

const anyProgram: fc.Arbitrary<Program> = fc.record({
  id: fc.string({ minLength: 1, maxLength: 8 }),
  name: fc.string({ minLength: 1, maxLength: 8 }),
  segments: fc.array(anySegment, { maxLength: 6 }),
})

const anyDate = fc
  .integer({ min: 0, max: 730 })
  .map((days) => Temporal.PlainDate.from('2026-01-01').add({ days }).toString())

const anyRule: fc.Arbitrary<Rule> = fc.record(
  {
    id: fc.string({ minLength: 1, maxLength: 6 }),
    kind: fc.constantFrom('special' as const, 'weekly', 'default'),
    priority: fc.integer({ min: 0, max: 5 }),
    specificity: fc.integer({ min: 0, max: 3 }),
    updatedAt: fc.integer({ min: 0, max: 3 }),
    weekdays: fc.uniqueArray(fc.integer({ min: 1, max: 7 })),
    dates: fc.array(
      fc.tuple(anyDate, anyDate).map(([a, b]) => (a < b ? { from: a, to: b } : { from: b, to: a })),
      { maxLength: 3 },
    ),
    program: anyProgram,
  },
  { requiredKeys: ['id', 'kind', 'priority', 'program'] },
)

export const anyRules = fc.uniqueArray(anyRule, { maxLength: 6, selector: ({ id }) => id })

export const anyCircuitPlan: fc.Arbitrary<CircuitPlan> = fc.record({
  rules: anyRules,
  failSafe: anyProgram,
})

/** Places with and without daylight saving, near and beyond the polar circles, and badly set. */
export const anyPlace: fc.Arbitrary<Place> = fc.oneof(
  fc.constantFrom<Place>(
    hanoi,
    { lat: 9.1769, lon: 105.1524, timeZone: 'Asia/Ho_Chi_Minh' },
    { lat: 52.52, lon: 13.4, timeZone: 'Europe/Berlin' },
    { lat: 40.7, lon: -74, timeZone: 'America/New_York' },
    { lat: -33.87, lon: 151.2, timeZone: 'Australia/Lord_Howe' },
    { lat: 69.65, lon: 18.96, timeZone: 'Europe/Oslo' },
  ),
  fc.record({
    lat: fc.double({ min: -90, max: 90, noNaN: true }),
    lon: fc.double({ min: -180, max: 180, noNaN: true }),
    timeZone: fc.constantFrom('Asia/Ho_Chi_Minh', 'UTC', 'America/St_Johns'),
  }),
)

export const anyMoment = fc.integer({
  min: Date.UTC(2026, 0, 1),
  max: Date.UTC(2027, 11, 31),
})
