import type { z } from 'zod'
import type { ClockTrust, SectionName, UnitKind } from '../../src/contract/wire/common.ts'
import type { InventoryUnit, Sample } from '../../src/contract/wire/messages.ts'
import type { Clock } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import type { Verdict } from '../../src/faults/judge.ts'

/** The outcome of one poll of one unit. */
export type Collected = {
  /** The agent's wall time of the reading, epoch ms. */
  at: number
  sample: Sample
  /** Raw verdicts; the runtime holds and clears them with `judge`, one memory per unit. */
  verdicts: Verdict[]
  /** Only when it was (re)learned in this poll; the runtime keeps the last one for the birth. */
  inventory?: z.infer<typeof InventoryUnit>
}

/**
 * Takes a desired section over. Throws (any Error) to refuse it; the message is the reason the hub
 * shows. Idempotent: the held body is handed over again at each start, before `start()`, and again
 * when another unit refused a newer one. An accepted body must be in force when the promise ends.
 */
export type SectionHandler = (body: unknown) => Promise<void>

/** Carries out one command; throws to answer `ok: false` with the message. */
export type CommandHandler = (
  args: Record<string, unknown>,
  signal: AbortSignal,
) => Promise<unknown>

/**
 * One unit. The runtime polls each collector on its own schedule, one poll at a time, and never
 * waits for one because of another.
 */
export type Collector = {
  unit: string
  kind: UnitKind
  everyMs: number
  /** What the birth announces (`hikvision`, `nut`, `cabinet`); usually the driver's name. */
  capabilities?: readonly string[]
  /**
   * One poll. Never throws for device trouble: says it in the reading. `signal` aborts when the
   * poll took too long or the agent stops; the collector should then end its I/O and may throw.
   */
  collect: (signal: AbortSignal) => Promise<Collected>
  /** Desired sections this unit takes part in (the cabinet: `plan`). */
  sections?: Partial<Record<SectionName, SectionHandler>>
  /** Commands whose `args.unit` names this unit. */
  commands?: Record<string, CommandHandler>
  /** Begins what the unit runs by itself (the one-second engine), after held sections are back. */
  start?: () => Promise<void>
  close?: () => Promise<void>
}

/** What the runtime hands to every `create…` of a driver. */
export type CollectorDeps = {
  clock: Clock
  log: Log
  /** A folder of this unit's own, made on demand by the driver. */
  dataDir: string
  /** How far the wall time may be believed at this moment. */
  clockTrust: () => ClockTrust
  /** Asks for a poll now, besides the schedule: a state changed that should be seen at once. */
  pollSoon: () => void
}
