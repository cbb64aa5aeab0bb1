import { createHash } from 'node:crypto'
import type { ClockTrust } from '../../src/contract/wire/common.ts'
import { type Clock, seconds } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import { createLoop, type Loop } from '../../src/core/loop.ts'
import { circuitPlanOf } from '../../src/plan/level.ts'
import type { Place } from '../../src/plan/sun.ts'
import type { Interlock } from './contactor.ts'
import { openKeptFile } from './kept-file.ts'
import type { PlanStore } from './plan-store.ts'
import { createRelayKeeper, type KeptCircuit } from './relay-keeper.ts'
import type { Relays } from './relays.ts'
import { decide, type Level, plannedLevels, type Wanted } from './wanted.ts'

/** One circuit now: what is wanted, what the relay reads back, for how long both stand so. */
export type CircuitState = { part: string; level: Level; on: boolean | null; settledMs: number }

export type EngineState = {
  cause: Wanted['cause']
  circuits: CircuitState[]
  relayTrouble: string | undefined
}

/**
 * The one-second engine. Each second it asks the plan for the level of this moment and sets the
 * relays right; it never remembers a switching to come. So a restart, a missed second, a stepped
 * clock or a new plan are nothing special. Stopping it leaves the relays as they are.
 */
export type Engine = {
  tick: () => Promise<void>
  state: () => EngineState
  start: () => void
  close: () => Promise<void>
}

/** The same for a cabinet for ever, so that a province does not switch in one second. */
export const jitterOf = (seed: string, maxMs: number): number =>
  createHash('sha256').update(seed).digest().readUInt32BE(0) % (maxMs + 1)

export type EngineOptions = {
  unit: string
  circuits: readonly KeptCircuit[]
  relays: Relays
  plans: PlanStore
  /** For the built-in program of a circuit that no plan names. */
  place: Place
  clock: Clock
  log: Log
  clockTrust: () => ClockTrust
  folder: string
  /** How much later than planned this cabinet switches. */
  jitterMs?: number
  interlock?: Interlock
  onSwitched?: () => void
}

export function createEngine(options: EngineOptions): Engine {
  const { unit, circuits, plans, place, clock, log, clockTrust, jitterMs = 0 } = options
  const parts = circuits.map(({ part }) => part)
  const keeper = createRelayKeeper(options)
  const file = openKeptFile(options)
  let wanted: Wanted = { levels: {}, cause: 'unknown', kept: file.kept }
  let decidedAt = clock.monotonic()
  let loop: Loop | undefined

  const planned = () => {
    const held = plans.current()
    const at = clock.now() - jitterMs
    return {
      levels: plannedLevels(held, { unit, parts, place, at }),
      named: parts.every((part) => held && circuitPlanOf(held.plan, unit, part) !== undefined),
    }
  }
  const decideNow = () => {
    const now = clock.monotonic()
    const { kept } = wanted
    const next = decide({ trust: clockTrust(), parts, planned, kept, sinceMs: now - decidedAt })
    if (next.cause !== wanted.cause) log.info({ unit, cause: next.cause }, 'lights follow')
    wanted = next
    decidedAt = now
    if (next.kept) file.save(next.kept)
  }
  const wantOf = (part: string): boolean | null => {
    const level = wanted.levels[part] ?? null
    return level === null ? null : level > 0
  }
  const tick = async () => {
    decideNow()
    await keeper.follow(new Map(parts.map((part) => [part, wantOf(part)])))
  }

  return {
    tick,
    state: () => ({
      cause: wanted.cause,
      relayTrouble: keeper.trouble(),
      circuits: parts.map((part) => {
        const { on, changedAt } = keeper.contactor(part)
        const settledMs = clock.monotonic() - changedAt
        return { part, level: wanted.levels[part] ?? null, on, settledMs }
      }),
    }),
    start: () => {
      loop ??= createLoop({
        name: `light engine ${unit}`,
        clock,
        log,
        idleMs: seconds(1),
        turn: async () => {
          await tick()
          return false
        },
      })
    },
    close: async () => {
      await loop?.stop()
    },
  }
}
