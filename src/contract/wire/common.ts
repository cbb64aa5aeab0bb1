import { z } from 'zod'

/** Wire version: the second level of every topic. */
export const wireVersion = 1

/** What may stand as an agent id: one MQTT topic level, safe in files, tags and logs. */
export const agentIdPattern = /^[a-z0-9][a-z0-9-]{2,47}$/
export const AgentId = z.string().regex(agentIdPattern, 'agent id: 3-48 of a-z, 0-9 and -')

/** Local name of a unit as its agent knows it (`nvr1`, `ups1`, `cab1`). */
export const unitNamePattern = /^[a-z][a-z0-9-]{0,31}$/
export const UnitName = z.string().regex(unitNamePattern)

/** A part of a unit: empty for the unit itself, else `kind:name` (`ch:7`, `disk:1`, `phase:A`). */
export const partNamePattern = /^$|^[a-z]{1,12}:[A-Za-z0-9-]{1,16}$/
export const PartName = z.string().regex(partNamePattern)

export const Instant = z.iso.datetime({ offset: true })

export const UnitKind = z.enum(['recorder', 'ups', 'cabinet'])
export type UnitKind = z.infer<typeof UnitKind>

/** Is the agent's wall time right? `holdover`: it was, and has run free since. */
export const ClockTrust = z.enum(['trusted', 'holdover', 'untrusted'])
export type ClockTrust = z.infer<typeof ClockTrust>

/** Identity of an outbox; a new one whenever the outbox is lost. */
export const epochPattern = /^[0-9a-f]{12}$/
export const Epoch = z.string().regex(epochPattern)

/**
 * Outbox id `[epoch, n]`: durable, never reused, the same in both lanes. `n` counts from 1.
 */
export const RecordId = z.tuple([Epoch, z.int().min(1)])
export type RecordId = z.infer<typeof RecordId>

export const bootIdPattern = /^[0-9a-f]{8}$/
export const BootId = z.string().regex(bootIdPattern)

/**
 * What every upward record carries. `mono` is milliseconds since the boot `boot`; `at` is the wall
 * time of the record, as good as `trust` says. `bounds` replace a time that nobody knows: the
 * record is not older than the first and not younger than the second.
 */
export const Envelope = z.object({
  id: RecordId,
  lane: z.enum(['live', 'backlog']),
  boot: BootId,
  mono: z.number().nonnegative(),
  at: Instant,
  trust: ClockTrust,
  bounds: z.tuple([Instant, Instant]).optional(),
})
export type Envelope = z.infer<typeof Envelope>

/** Named sections of desired state, each with its own version and hash. */
export const SectionName = z.enum(['config', 'plan', 'override', 'lock', 'update'])
export type SectionName = z.infer<typeof SectionName>

/** SHA-256 (hex) of the canonical JSON of a section's body. */
export const SectionHash = z.string().regex(/^[0-9a-f]{64}$/)

export const HeldSection = z.object({ version: z.int().nonnegative(), hash: SectionHash })
