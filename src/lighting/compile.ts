import type { LightingProgram } from '../contract/api/operations.ts'
import {
  type CircuitPlan,
  type Plan,
  type Program,
  planFormat,
  type Rule,
} from '../contract/wire/plan.ts'

export type AreaProgram = Pick<LightingProgram, 'areaId' | 'name' | 'version' | 'weekly'>

/** One circuit as its agent knows it, and the areas around it from the nearest outward. */
export type CircuitPlace = {
  agentId: string
  unit: string
  part: string
  areas: readonly string[]
}

export type PlanPlace = { timeZone: string; lat: number; lon: number }

/** What a cabinet does when nothing else is said: on ten minutes after sunset, off before sunrise. */
export const failSafe: Program = {
  id: 'fail-safe',
  name: 'Mặc định theo mặt trời',
  segments: [
    {
      from: { kind: 'sun', event: 'sunset', offsetMin: 10 },
      to: { kind: 'sun', event: 'sunrise', offsetMin: -15 },
      level: 100,
    },
  ],
}

/** The program of the nearest area that has one. */
export const programFor = (
  areas: readonly string[],
  programs: ReadonlyMap<string, AreaProgram>,
): AreaProgram | undefined => {
  for (const areaId of areas) {
    const program = programs.get(areaId)
    if (program) return program
  }
  return undefined
}

/**
 * A weekly program as rules of a plan. The ids carry the area and its version, so that "why" on a
 * cabinet names what people published.
 */
export function toRules(program: AreaProgram): Rule[] {
  return program.weekly.map(({ weekdays, segments }, index) => ({
    id: `${program.areaId}/${program.version}/${index}`,
    kind: 'weekly',
    priority: 0,
    weekdays: weekdays.toSorted((a, b) => a - b),
    program: { id: `${program.areaId}/${index}`, name: program.name, segments },
  }))
}

/**
 * The plans of the agents of these circuits. Pure and deterministic: the same input gives the same
 * JSON, so that a version rises only when hours really change.
 */
export function compilePlans(
  circuits: readonly CircuitPlace[],
  programs: ReadonlyMap<string, AreaProgram>,
  placeOf: (agentId: string) => PlanPlace,
): Map<string, Plan> {
  const plans = new Map<string, Plan>()
  for (const { agentId, unit, part, areas } of circuits) {
    const plan = plans.get(agentId) ?? { format: planFormat, ...placeOf(agentId), units: {} }
    plans.set(agentId, plan)
    const program = programFor(areas, programs)
    const circuit: CircuitPlan = { rules: program ? toRules(program) : [], failSafe }
    const ofUnit = plan.units[unit] ?? { circuits: {} }
    ofUnit.circuits[part] = circuit
    plan.units[unit] = ofUnit
  }
  return plans
}
