import type { JudgeMemory } from '../../src/faults/judge.ts'
import { type AnnouncerOptions, createAnnouncer, type Inventory } from './announcer.ts'
import type { Collected, Collector } from './collector.ts'
import { correctJudgement, look, resume, type UnitJudgement } from './conditions.ts'
import { isWorthSending, type OwnFigures, toTelemetry } from './recorder-of-records.ts'
import type { AgentState } from './state.ts'
import type { Correction } from './timekeeper.ts'

type Unit = {
  unit: string
  everyMs: number
  judgement: UnitJudgement
  inventory?: Inventory
  lastSent?: { sample: Collected['sample']; at: number; n: number | undefined; mono: number }
}

/** From readings to records: what is known of each unit, and what of it is worth saying. */
export type Reporting = {
  take: (unit: string, collected: Collected) => void
  /** A poll gave nothing: the unit may have become unknown. */
  miss: () => void
  /** Writes the birth and the full set; what goes out first on a connection, in order. */
  announce: () => { birth: number | undefined; live: number[] }
  /** When the unit should be looked at again because a hold ends, epoch ms. */
  dueAt: (unit: string) => number | undefined
  correct: (correction: Correction) => void
  pace: (telemetryEveryMs: number) => void
  /** The last word: what changed and was not said yet. */
  stop: () => void
}

export type ReportingOptions = Omit<AnnouncerOptions, 'capabilities'> & {
  collectors: readonly Collector[]
  state: AgentState
  own: () => OwnFigures
  telemetryEveryMs: number
}

function openUnit({ state, time }: ReportingOptions, { unit, everyMs }: Collector): Unit {
  const inventory = state.get<Inventory>(`inventory.${unit}`)
  const memory = state.get<JudgeMemory>(`judge.${unit}`) ?? {}
  const judgement = resume(memory, time.clock.now())
  return { unit, everyMs, judgement, ...(inventory ? { inventory } : {}) }
}

/** True when the unit learned something about itself; kept for the birth after a restart. */
function learn(one: Unit, inventory: Inventory | undefined, state: AgentState): boolean {
  if (!inventory || JSON.stringify(inventory) === JSON.stringify(one.inventory)) return false
  one.inventory = inventory
  state.set(`inventory.${one.unit}`, inventory)
  return true
}

function correctUnit(one: Unit, correction: Correction): void {
  one.judgement = correctJudgement(one.judgement, correction)
  if (one.lastSent) one.lastSent.at += correction.byMs
}

export function createReporting(options: ReportingOptions): Reporting {
  const { collectors, time, outbox, state, isConnected, onAdded } = options
  const units = new Map(collectors.map((one) => [one.unit, openUnit(options, one)]))
  const firstUnit = collectors[0]?.unit
  let telemetryEveryMs = options.telemetryEveryMs
  const capabilities = collectors.flatMap((one) => one.capabilities ?? [])
  const announcer = createAnnouncer({ ...options, capabilities }, () => [...units.values()])

  const tell = (n: number | undefined) => n !== undefined && onAdded(n)
  const sendSample = (one: Unit, collected: Collected) => {
    const pace = { everyMs: telemetryEveryMs, pollMs: one.everyMs }
    if (!isWorthSending(one.lastSent, collected, pace)) return
    const own = one.unit === firstUnit ? options.own() : undefined
    const n = announcer.write(toTelemetry(collected, own))
    const { mono, at, trust } = time.stamp()
    one.lastSent = { sample: collected.sample, at: collected.at, n, mono }
    tell(n)
    if (trust !== 'untrusted') outbox.expire(at)
  }
  /** The newest samples, if they still tell what is now. */
  const recent = (): number[] => {
    const oldest = time.stamp().mono - 2 * telemetryEveryMs
    return [...units.values()].flatMap(({ lastSent }) => {
      if (lastSent?.n === undefined || lastSent.mono < oldest) return []
      return outbox.get(lastSent.n) ? [lastSent.n] : []
    })
  }
  return {
    take: (name, collected) => {
      const one = units.get(name)
      if (!one) return
      if (learn(one, collected.inventory, state) && isConnected()) tell(announcer.birth())
      one.judgement = look(one.judgement, collected.verdicts, time.clock.now())
      // Moments of a clock that is not believed would be nonsense in the next boot.
      if (time.trust() !== 'untrusted') state.set(`judge.${name}`, one.judgement.judged.memory)
      sendSample(one, collected)
      announcer.check()
    },
    miss: announcer.check,
    announce: () => {
      const birth = announcer.birth()
      const conditions = announcer.conditions()
      // What answers the hub is about now, however long the answer waited.
      const answers = [...outbox.waiting('reported'), ...outbox.waiting('reply')]
      return { birth, live: [...(conditions ? [conditions] : []), ...answers, ...recent()] }
    },
    dueAt: (name) => units.get(name)?.judgement.judged.dueAt,
    correct: (correction) => {
      for (const one of units.values()) correctUnit(one, correction)
      announcer.check()
    },
    pace: (everyMs) => {
      telemetryEveryMs = everyMs
    },
    stop: () => {
      announcer.checkNow()
      announcer.stop()
    },
  }
}
