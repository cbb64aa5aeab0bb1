import type { z } from 'zod'
import type { InventoryUnit, Sample } from '../../src/contract/wire/messages.ts'
import type { CabinetReading, CircuitReading, PhaseName } from '../../src/faults/cabinet.ts'
import type { CabinetUnit } from '../runtime/config.ts'
import type { CircuitState, EngineState } from './engine.ts'
import type { MeterReading } from './meter.ts'

/** All that one look at a cabinet found. */
export type Look = {
  at: number
  clockTrust: CabinetReading['clockTrust']
  meter: MeterReading
  engine: EngineState
  /** Why the plan in force is not the one it should be; absent when it is. */
  planTrouble: string | undefined
}

type Values = Record<string, number | null>
type CircuitConfig = CabinetUnit['circuits'][number]

const phasesOf = ({ circuits }: CabinetUnit): PhaseName[] =>
  (['A', 'B', 'C'] as const).filter((phase) => circuits.some((one) => one.phases.includes(phase)))

const state = (on: boolean | null): number | null => (on === null ? null : Number(on))

const measured = ({ meter }: Look, part: string, names: readonly string[]): Values =>
  Object.fromEntries(
    names.map((name) => [name, meter.ok ? (meter.values[`${part}/${name}`] ?? null) : null]),
  )

/** Power of a circuit; known only where no other circuit hangs on its phases. */
function powerOf(config: CabinetUnit, circuit: CircuitConfig, { meter }: Look): number | null {
  const shared = config.circuits.some(
    (one) => one !== circuit && one.phases.some((phase) => circuit.phases.includes(phase)),
  )
  if (shared || !meter.ok) return null
  return circuit.phases.reduce<number | null>((sum, phase) => {
    const p = meter.values[`phase:${phase}/p`] ?? null
    return sum === null || p === null ? null : sum + Math.abs(p)
  }, 0)
}

const stateOf = ({ engine }: Look, part: string): CircuitState =>
  engine.circuits.find((one) => one.part === part) ?? {
    part,
    level: null,
    on: null,
    settledMs: 0,
  }

function circuitValues(config: CabinetUnit, circuit: CircuitConfig, look: Look): Values {
  const { level, on } = stateOf(look, circuit.part)
  return {
    on: state(on),
    desired: level === null ? null : Number(level > 0),
    expected_w: level === null ? null : level > 0 ? circuit.expectedW : 0,
    p: powerOf(config, circuit, look),
  }
}

type Reason = [key: string, reason: string]

function* meterReasons(config: CabinetUnit, { meter }: Look): Generator<Reason> {
  if (meter.ok) return yield* Object.entries(meter.reasons)
  yield ['meter:1', meter.reason]
  for (const phase of phasesOf(config)) yield [`phase:${phase}`, meter.reason]
}

function* circuitReasons(
  config: CabinetUnit,
  circuit: CircuitConfig,
  look: Look,
): Generator<Reason> {
  const { part } = circuit
  const { level, on } = stateOf(look, part)
  if (on === null) yield [`${part}/on`, look.engine.relayTrouble ?? 'not read yet']
  if (level === null) yield [`${part}/desired`, 'no clock to go by, and nothing to hold']
  if (powerOf(config, circuit, look) !== null) return
  yield [`${part}/p`, look.meter.ok ? 'phase is shared or not known' : look.meter.reason]
}

function* whyNot(config: CabinetUnit, look: Look): Generator<Reason> {
  yield* meterReasons(config, look)
  for (const circuit of config.circuits) yield* circuitReasons(config, circuit, look)
  if (look.planTrouble) yield ['/plan_ok', look.planTrouble]
}

/** Why values are unknown; only of what this cabinet reports. */
function reasonsOf(config: CabinetUnit, look: Look, parts: Record<string, Values>) {
  const reasons: Record<string, string> = {}
  for (const [key, reason] of whyNot(config, look)) {
    const [part = '', name] = key.split('/')
    const values = parts[part]
    if (values && (name === undefined || name in values)) reasons[key] = reason.slice(0, 120)
  }
  return reasons
}

function partsOf(config: CabinetUnit, look: Look): Record<string, Values> {
  const { meter, engine } = look
  const parts: Record<string, Values> = {
    '': {
      comm_ok: Number(meter.ok && engine.relayTrouble === undefined),
      plan_ok: Number(look.planTrouble === undefined),
    },
    'meter:1': measured(look, 'meter:1', ['p', 'energy_wh', 'hz']),
  }
  for (const phase of phasesOf(config)) {
    parts[`phase:${phase}`] = measured(look, `phase:${phase}`, ['v', 'i', 'p', 'pf'])
  }
  for (const circuit of config.circuits) {
    parts[circuit.part] = circuitValues(config, circuit, look)
  }
  return parts
}

/** Telemetry of a look, by the names of `contract/wire/measures.ts`. */
export function sampleOf(config: CabinetUnit, look: Look): Sample {
  const parts = partsOf(config, look)
  const reasons = reasonsOf(config, look, parts)
  return {
    unit: config.unit,
    kind: 'cabinet',
    parts,
    ...(Object.keys(reasons).length > 0 ? { reasons } : {}),
  }
}

function circuitReading(circuit: CircuitConfig, look: Look): CircuitReading {
  const { level, on, settledMs } = stateOf(look, circuit.part)
  return {
    part: circuit.part,
    phases: circuit.phases,
    expectedW: circuit.expectedW,
    // Where nothing is wanted the relay is left alone: what it is, it is meant to be.
    desired: level ?? (on ? 100 : 0),
    relay: on,
    settledMs,
  }
}

/** A look as `src/faults/cabinet.ts` judges it. */
export function readingOf(config: CabinetUnit, look: Look): CabinetReading {
  const { at, clockTrust, meter, engine } = look
  const phases: CabinetReading['phases'] = {}
  for (const phase of phasesOf(config)) {
    const { v = null, p = null } = measured(look, `phase:${phase}`, ['v', 'p'])
    phases[phase] = { v, p }
  }
  return {
    at,
    clockTrust,
    place: { lat: config.lat, lon: config.lon },
    ...(meter.ok ? {} : { meterTrouble: meter.reason }),
    ...(engine.relayTrouble === undefined ? {} : { relayTrouble: engine.relayTrouble }),
    phases,
    circuits: config.circuits.map((circuit) => circuitReading(circuit, look)),
  }
}

/** What the birth tells of a cabinet. */
export const inventoryOf = (config: CabinetUnit, model: string): z.infer<typeof InventoryUnit> => ({
  unit: config.unit,
  kind: 'cabinet',
  ...(config.label ? { label: config.label } : {}),
  model,
  parts: [
    { part: 'meter:1', label: model },
    ...phasesOf(config).map((phase) => ({ part: `phase:${phase}` })),
    ...config.circuits.map(({ part, label }) => ({ part, ...(label ? { label } : {}) })),
  ],
})
