import { z } from 'zod'
import {
  BootId,
  ClockTrust,
  Envelope,
  HeldSection,
  Instant,
  PartName,
  SectionHash,
  SectionName,
  UnitKind,
  UnitName,
} from './common.ts'

/** null = asked for and not known. A name that is absent was not asked. */
const Values = z.record(z.string().max(32), z.number().nullable())

/**
 * What one unit and its parts measured at one moment. `reasons` tells why a value is unknown, by
 * `part/name` (`ch:7/online`) or `part` for all of it.
 */
export const Sample = z.object({
  at: Instant.optional(),
  unit: UnitName,
  kind: UnitKind,
  parts: z.record(PartName, Values),
  reasons: z.record(z.string().max(64), z.string().max(120)).optional(),
})
export type Sample = z.infer<typeof Sample>

export const Telemetry = Envelope.extend({ samples: z.array(Sample).min(1).max(500) })
export type Telemetry = z.infer<typeof Telemetry>

/** One active condition under its local name. `raw` is what the device said. */
export const ActiveCondition = z.object({
  unit: UnitName,
  part: PartName,
  code: z.string().regex(/^[a-z][a-z-]{2,47}$/),
  since: Instant,
  severity: z.enum(['critical', 'high', 'medium', 'low']).optional(),
  raw: z.union([z.string().max(200), z.number()]).optional(),
})
export type ActiveCondition = z.infer<typeof ActiveCondition>

/** What cannot be judged now: a whole unit, one part, or one code of a part. */
export const UnknownScope = z.object({
  unit: UnitName,
  part: PartName.optional(),
  code: z.string().max(48).optional(),
})
export type UnknownScope = z.infer<typeof UnknownScope>

/**
 * The full active set. Absence from a newer set closes a condition, unless the key falls under
 * `unknown`: what is not judged is not resolved.
 */
export const Conditions = Envelope.extend({
  rules: z.int().min(1),
  active: z.array(ActiveCondition).max(2000),
  unknown: z.array(UnknownScope).max(2000),
})
export type Conditions = z.infer<typeof Conditions>

export const InventoryPart = z.object({ part: PartName, label: z.string().max(120).optional() })
export const InventoryUnit = z.object({
  unit: UnitName,
  kind: UnitKind,
  label: z.string().max(120).optional(),
  model: z.string().max(120).optional(),
  serial: z.string().max(120).optional(),
  firmware: z.string().max(120).optional(),
  parts: z.array(InventoryPart).max(600),
})
export type InventoryUnit = z.infer<typeof InventoryUnit>

/** First record of a connection: who the agent is, what it has and what it holds. */
export const Birth = Envelope.extend({
  version: z.string().max(40),
  plan: z.object({ format: z.int().min(1) }),
  rules: z.int().min(1),
  capabilities: z.array(z.string().max(40)).max(50),
  inventory: z.array(InventoryUnit).max(200),
  held: z.partialRecord(SectionName, HeldSection),
})
export type Birth = z.infer<typeof Birth>

/** Which desired sections the agent holds, each accepted or refused with the reason. */
export const Reported = Envelope.extend({
  sections: z.partialRecord(
    SectionName,
    z.object({
      version: z.int().nonnegative(),
      hash: SectionHash,
      state: z.enum(['accepted', 'refused']),
      reason: z.string().max(300).optional(),
    }),
  ),
})
export type Reported = z.infer<typeof Reported>

/** The answer to a command. */
export const Reply = Envelope.extend({
  command: z.string().max(64),
  ok: z.boolean(),
  error: z.string().max(300).optional(),
  body: z.json().optional(),
})
export type Reply = z.infer<typeof Reply>

/** The will. Only a hint: a takeover sends it too. */
export const Gone = z.object({ boot: BootId })
export type Gone = z.infer<typeof Gone>

export const DesiredSection = z.object({
  version: z.int().nonnegative(),
  hash: SectionHash,
  body: z.json(),
})

/** Desired state: only the sections that differ from what the agent holds. */
export const Desired = z.object({
  lineage: z.string().max(64),
  sections: z.partialRecord(SectionName, DesiredSection),
})
export type Desired = z.infer<typeof Desired>

/** Something to do once, before `expiresAt`; the same id is never carried out twice. */
export const Command = z.object({
  id: z.string().max(64),
  expiresAt: Instant,
  name: z.string().max(40),
  args: z.record(z.string(), z.json()),
})
export type Command = z.infer<typeof Command>

/** The hub's time, sent when an agent connects and each hour. */
export const Time = z.object({ at: Instant, trust: ClockTrust })
export type Time = z.infer<typeof Time>
