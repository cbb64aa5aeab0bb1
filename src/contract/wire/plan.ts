import { z } from 'zod'
import { PartName, UnitName } from './common.ts'

/**
 * The lighting plan a cabinet agent runs alone, format 1. Vocabulary: TALQ Cabinet Control. A
 * lighting day runs from noon to noon and is named by the date of its evening.
 */
export const planFormat = 1

const WallTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'time as HH:mm')

/** Minutes since noon, so that 23:00 comes before 04:30. */
const minutesSinceNoon = (time: string): number =>
  (Number(time.slice(0, 2)) * 60 + Number(time.slice(3)) + 720) % 1440

/** A moment of a lighting day: a wall time, or a sun event moved by minutes and clipped. */
export const TimeRef = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('clock'), at: WallTime }),
  z
    .object({
      kind: z.literal('sun'),
      event: z.enum(['sunset', 'sunrise', 'dusk', 'dawn']),
      offsetMin: z.int().min(-240).max(240),
      notBefore: WallTime.optional(),
      notAfter: WallTime.optional(),
    })
    .refine(
      ({ notBefore = '12:00', notAfter = '11:59' }) =>
        notAfter === '12:00' || minutesSinceNoon(notBefore) <= minutesSinceNoon(notAfter),
      'notBefore lies after notAfter',
    ),
])
export type TimeRef = z.infer<typeof TimeRef>

/** Light level in percent, 0 = off. A circuit with a plain contactor is closed for any level > 0. */
export const Level = z.int().min(0).max(100)

/** Half-open on the noon-to-noon axis; an end at or before its start makes it empty. */
export const Segment = z.object({
  from: TimeRef,
  to: TimeRef,
  level: Level,
  onlyWhenDark: z.boolean().optional(),
})
export type Segment = z.infer<typeof Segment>

/** Overlapping segments take the highest level, gaps are off. */
export const Program = z.object({
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(120),
  segments: z.array(Segment).max(20),
})
export type Program = z.infer<typeof Program>

const CalendarDate = z.iso.date()

const DateRange = z
  .object({ from: CalendarDate, to: CalendarDate })
  .refine(({ from, to }) => from <= to, 'the range ends before it begins')

/**
 * `weekdays` are ISO (1 = Monday) of the evening's date. Higher priority wins inside a kind. A list
 * that is absent asks nothing; an empty one matches no day.
 */
export const Rule = z.object({
  id: z.string().min(1).max(64),
  kind: z.enum(['special', 'weekly', 'default']),
  priority: z.int().min(0).max(1000),
  specificity: z.int().min(0).max(100).optional(),
  updatedAt: z.int().nonnegative().optional(),
  weekdays: z.array(z.int().min(1).max(7)).max(7).optional(),
  dates: z.array(DateRange).max(100).optional(),
  program: Program,
})
export type Rule = z.infer<typeof Rule>

/** Rule ids are unique, so that precedence is a total order. */
export const CircuitPlan = z.object({
  rules: z
    .array(Rule)
    .max(100)
    .refine(
      (rules) => new Set(rules.map(({ id }) => id)).size === rules.length,
      'a rule id comes twice',
    ),
  failSafe: Program,
})
export type CircuitPlan = z.infer<typeof CircuitPlan>

/** A zone by name (`Asia/Ho_Chi_Minh`), never an offset: an offset knows no daylight saving. */
const isZoneName = (name: string): boolean => {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** Desired section `plan`: `units[unit].circuits[part]`. */
export const Plan = z.object({
  format: z.literal(planFormat),
  timeZone: z.string().max(64).refine(isZoneName, 'not a time zone known here'),
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
  units: z.record(UnitName, z.object({ circuits: z.record(PartName, CircuitPlan) })),
})
export type Plan = z.infer<typeof Plan>
