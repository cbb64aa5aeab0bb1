import type { Clock } from '../../src/core/clock.ts'

/**
 * A lighting cabinet as physics: contactors, lamps on three phases, an energy counter, and what can
 * go wrong with them. No sockets, so that a month can be lived on a manual clock; equal seeds and
 * equal times give equal readings.
 */

export type PhaseName = 'A' | 'B' | 'C'
const phaseNames = ['A', 'B', 'C'] as const

export type ModelCircuit = {
  part: string
  coil: number
  phases: readonly PhaseName[]
  lamps: number
  /** System watts of one lamp, control gear included. */
  lampW: number
  /** Power factor of a lamp; 0.95 when absent. */
  pf?: number
}

export type CabinetFaults = {
  /** Lamps that no longer burn, by circuit. */
  lampsOut: Record<string, number>
  /** Circuits whose breaker is out: the contactor closes, nothing flows. */
  mcbTrip: readonly string[]
  /** Circuits whose contactor stays closed whatever the coil says. */
  welded: readonly string[]
  phaseLoss: readonly PhaseName[]
  mainsOff: boolean
  /** Every register stands still. */
  stuckMeter: boolean
}

/** Named as telemetry names them: `phase:A/v`, `meter:1/energy_wh`. */
export type MeterValues = Record<string, number>

export type CabinetModel = {
  /** What the meter says now. */
  read: () => MeterValues
  coil: (coil: number) => boolean
  setCoil: (coil: number, on: boolean) => void
  /** All coils fall off, as on a brown-out of the relay board. */
  resetBoard: () => void
  /** Merges into the present faults. */
  change: (faults: Partial<CabinetFaults>) => void
  /** How many lamps of a circuit burn now. */
  burning: (part: string) => number
}

export const noFaults: CabinetFaults = {
  lampsOut: {},
  mcbTrip: [],
  welded: [],
  phaseLoss: [],
  mainsOff: false,
  stuckMeter: false,
}

/** A repeatable number in [-1, 1] for a moment; changes every ten seconds. */
function noise(seed: number, at: number): number {
  let x = (Math.imul(seed, 0x9e3779b1) ^ Math.floor(at / 10_000)) >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b)
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b)
  return ((x ^ (x >>> 16)) >>> 0) / 0x7fffffff - 1
}

/** Lamps stand on the phases in turn: 10 lamps on A, B, C are 4, 3 and 3. */
const lampsOn = (circuit: ModelCircuit, phase: PhaseName, count: number): number => {
  const index = circuit.phases.indexOf(phase)
  const size = circuit.phases.length
  return index < 0 ? 0 : Math.floor(count / size) + (index < count % size ? 1 : 0)
}

type Wiring = {
  circuits: readonly ModelCircuit[]
  coils: ReadonlyMap<number, boolean>
  faults: CabinetFaults
  standbyW: number
}

const hasMains = ({ faults }: Wiring, phase: PhaseName): boolean =>
  !faults.mainsOff && !faults.phaseLoss.includes(phase)

function lampsBurning(wiring: Wiring, one: ModelCircuit, phase: PhaseName): number {
  const { coils, faults } = wiring
  const closed = coils.get(one.coil) || faults.welded.includes(one.part)
  if (!closed || !hasMains(wiring, phase) || faults.mcbTrip.includes(one.part)) return 0
  const out = Math.min(faults.lampsOut[one.part] ?? 0, one.lamps)
  return lampsOn(one, phase, one.lamps - out)
}

/** Active and apparent power of a phase; agent and modem hang on phase A. */
function powerOf(wiring: Wiring, phase: PhaseName): { watts: number; va: number } {
  const idle = phase === 'A' && hasMains(wiring, 'A') ? wiring.standbyW : 0
  const power = { watts: idle, va: idle / 0.6 }
  for (const one of wiring.circuits) {
    const watts = lampsBurning(wiring, one, phase) * one.lampW
    power.watts += watts
    power.va += watts / (one.pf ?? 0.95)
  }
  return power
}

function measurePhase(
  wiring: Wiring,
  phase: PhaseName,
  { at, seed }: { at: number; seed: number },
) {
  const { watts, va } = powerOf(wiring, phase)
  const v = hasMains(wiring, phase) ? 224 + 2 * noise(seed, at) : 0
  const drift = 1 + 0.003 * noise(seed + 10, at)
  return { v, i: v > 0 ? (va * drift) / v : 0, p: watts * drift, pf: va > 0 ? watts / va : 1 }
}

function measure(wiring: Wiring, { at, seed }: { at: number; seed: number }): MeterValues {
  const values: MeterValues = {}
  let total = 0
  for (const [index, phase] of phaseNames.entries()) {
    const measured = measurePhase(wiring, phase, { at, seed: seed + index })
    for (const [name, value] of Object.entries(measured)) values[`phase:${phase}/${name}`] = value
    total += measured.p
  }
  const anyMains = phaseNames.some((phase) => hasMains(wiring, phase))
  values['meter:1/p'] = total
  values['meter:1/hz'] = anyMains ? 50 + 0.05 * noise(seed + 20, at) : 0
  return values
}

const sumOver = (of: (phase: PhaseName) => number): number =>
  phaseNames.reduce((sum, phase) => sum + of(phase), 0)

export function createCabinetModel(options: {
  clock: Pick<Clock, 'now' | 'monotonic'>
  circuits: readonly ModelCircuit[]
  /** Agent and modem, on phase A. */
  standbyW?: number
  seed?: number
  startWh?: number
}): CabinetModel {
  const { clock, circuits, standbyW = 8, seed = 1 } = options
  const coils = new Map<number, boolean>()
  const wiring: Wiring = { circuits, coils, faults: noFaults, standbyW }
  let energyWh = options.startWh ?? 1_000_000
  let countedAt = clock.monotonic()
  let frozen: MeterValues | undefined

  /** Energy is counted on the monotonic clock: a stepped wall clock burns nothing. */
  const count = () => {
    const now = clock.monotonic()
    energyWh += (sumOver((phase) => powerOf(wiring, phase).watts) * (now - countedAt)) / 3_600_000
    countedAt = now
  }
  const look = (): MeterValues => ({
    ...measure(wiring, { at: clock.now(), seed }),
    'meter:1/energy_wh': energyWh,
  })

  return {
    read: () => {
      count()
      return { ...(frozen ?? look()) }
    },
    coil: (coil) => coils.get(coil) ?? false,
    setCoil: (coil, on) => {
      count()
      coils.set(coil, on)
    },
    resetBoard: () => {
      count()
      coils.clear()
    },
    change: (next) => {
      count()
      wiring.faults = { ...wiring.faults, ...next }
      frozen = wiring.faults.stuckMeter ? (frozen ?? look()) : undefined
    },
    burning: (part) => {
      const circuit = circuits.find((one) => one.part === part)
      return circuit ? sumOver((phase) => lampsBurning(wiring, circuit, phase)) : 0
    },
  }
}
