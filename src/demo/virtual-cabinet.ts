import { inventoryOf, type Look, readingOf, sampleOf } from '../../agents/light/cabinet-sample.ts'
import { getMeterProfile } from '../../agents/light/meter-profiles.ts'
import type { Collected } from '../../agents/runtime/collector.ts'
import type { Plan } from '../contract/wire/plan.ts'
import { seconds } from '../core/clock.ts'
import { judgeCabinet } from '../faults/cabinet.ts'
import { builtInCircuitPlan } from '../plan/fail-safe.ts'
import { circuitPlanOf, levelAt, nextTransitions, placeOf } from '../plan/level.ts'
import type { CabinetSite } from './world.ts'

/** After a switching a circuit is judged from here on. */
const settledMs = seconds(75)

type Circuit = { level: number; changedAt: number; nextAt: number; plan: Plan | undefined }

/** The one-second engine in the large: the level of the plan at each poll, and polls when it changes. */
export function createVirtualCabinet(
  { unit, model }: CabinetSite,
  ports: { meterAnswers: () => boolean; plan: () => Plan | undefined },
) {
  const state = new Map<string, Circuit>()

  const planned = (part: string) => {
    const plan = ports.plan()
    const circuit = plan && circuitPlanOf(plan, unit.unit, part)
    const place = plan
      ? placeOf(plan)
      : { lat: unit.lat, lon: unit.lon, timeZone: 'Asia/Ho_Chi_Minh' }
    return { plan, circuit: circuit ?? builtInCircuitPlan, place }
  }
  const follow = (part: string, coil: number, at: number): Circuit => {
    const before = state.get(part)
    const { plan, circuit, place } = planned(part)
    if (before && at < before.nextAt && before.plan === plan) return before
    const level = levelAt(circuit, place, at)
    const next = nextTransitions(circuit, place, at, 1)[0]?.at ?? Number.POSITIVE_INFINITY
    const changedAt = before && before.level > 0 === level > 0 ? before.changedAt : at
    const now = { level, changedAt, nextAt: next, plan }
    state.set(part, now)
    model.setCoil(coil, level > 0)
    return now
  }
  const lookNow = (at: number): Look => ({
    at,
    clockTrust: 'trusted',
    meter: ports.meterAnswers()
      ? { ok: true, values: model.read(), reasons: {} }
      : { ok: false, reason: 'no answer' },
    engine: {
      cause: 'plan',
      relayTrouble: undefined,
      circuits: unit.circuits.map(({ part, coil }) => {
        const { level, changedAt } = follow(part, coil, at)
        return { part, level, on: model.coil(coil), settledMs: at - changedAt }
      }),
    },
    planTrouble: ports.plan() ? undefined : 'no plan yet',
  })
  const { label } = getMeterProfile(unit.meter.profile)

  return {
    collect: (at: number): Collected => {
      const look = lookNow(at)
      return {
        at,
        sample: sampleOf(unit, look),
        verdicts: judgeCabinet(readingOf(unit, look)),
        inventory: inventoryOf(unit, label),
      }
    },
    changesAt: (at: number): number => {
      const moments = [...state.values()].flatMap(({ changedAt, nextAt }) => [
        nextAt,
        changedAt + settledMs,
      ])
      return Math.min(...moments.filter((moment) => moment > at), Number.POSITIVE_INFINITY)
    },
  }
}
