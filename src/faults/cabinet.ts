import type { ClockTrust } from '../contract/wire/common.ts'
import { isBroadDay } from '../plan/sun.ts'
import type { FaultCode } from './catalogue.ts'
import type { Verdict } from './judge.ts'

export type PhaseName = 'A' | 'B' | 'C'

/** What the meter says of one phase; null = asked and not known. Power may be signed. */
export type PhaseReading = { v: number | null; p: number | null }

export type CircuitReading = {
  part: string
  phases: readonly PhaseName[]
  /** Watts of all its lamps together when healthy; absent when nobody told. */
  expectedW?: number
  /** Level in percent the cabinet works towards; 0 = off. */
  desired: number
  /** What the relay reads back; null = not known. */
  relay: boolean | null
  /** Time since desired or relay last changed, or since the agent looks at it. */
  settledMs: number
}

/** One look at a cabinet. Meter upstream of the contactors, so voltage tells of the mains. */
export type CabinetReading = {
  /** Wall time, epoch ms; trusted as `clockTrust` says. */
  at: number
  clockTrust: ClockTrust
  place: { lat: number; lon: number }
  /** Why the meter or the relays cannot be read; absent when they can. */
  meterTrouble?: string
  relayTrouble?: string
  phases: Partial<Record<PhaseName, PhaseReading>>
  circuits: readonly CircuitReading[]
}

/** Nominal 220 V; below 80 % lamps need not burn, so nothing is said about them. */
export const mainsPresentV = 176
const settleMs = 60_000
const sunMarginMs = 20 * 60_000
/** Agent and modem themselves draw 5-15 W. */
const standbyW = 20
const burningW = 50

type Lamps = 'dark' | 'lit' | 'unclear' | 'no-mains'
type Seen = { lamps: Lamps; raw?: string }

const share = (circuit: CircuitReading): number | undefined =>
  circuit.expectedW === undefined ? undefined : circuit.expectedW / circuit.phases.length

/** A circuit that may draw power now. */
const isLive = (circuit: CircuitReading): boolean => circuit.desired > 0 || circuit.relay === true

const sharers = (reading: CabinetReading, circuit: CircuitReading): CircuitReading[] =>
  reading.circuits.filter(
    (one) => one !== circuit && one.phases.some((phase) => circuit.phases.includes(phase)),
  )

/** Watts that the other live circuits of this phase draw; NaN when one of them is not known. */
const othersW = (others: readonly CircuitReading[], phase: PhaseName): number =>
  others
    .filter((one) => one.phases.includes(phase) && isLive(one))
    .reduce((sum, one) => sum + (share(one) ?? Number.NaN), 0)

/**
 * Under 10 % of the expected power a phase is dark, from 50 % on it is lit (REC R1). Between the
 * two nothing is said, so that an open condition does not flap.
 */
function lampsOn(phase: PhaseName, circuit: CircuitReading, reading: CabinetReading): Seen {
  const { v, p } = reading.phases[phase] ?? { v: null, p: null }
  if (v === null || p === null) return { lamps: 'unclear' }
  if (v < mainsPresentV) return { lamps: 'no-mains', raw: `${phase} no mains` }
  const watts = Math.abs(p)
  const expected = share(circuit)
  const raw = `${phase} ${Math.round(watts)} W${expected ? ` of ${Math.round(expected)} W` : ''}`
  if (watts < Math.max(0.1 * (expected ?? 0), standbyW)) return { lamps: 'dark', raw }
  const others = othersW(sharers(reading, circuit), phase)
  const litFrom = others + 0.5 * (expected ?? 2 * burningW)
  return { lamps: watts >= litFrom ? 'lit' : 'unclear', raw }
}

const say = (
  part: string,
  code: FaultCode,
  { state, raw }: { state: Verdict['state']; raw?: string | undefined },
): Verdict => ({ part, code, state, ...(raw ? { raw: raw.slice(0, 200) } : {}) })

/**
 * Told to burn, settled, mains there, and no power on at least one phase. While the circuit is told
 * to be off nothing is said: a dark circuit is not repaired by the morning.
 */
function notBurning(circuit: CircuitReading, reading: CabinetReading): Verdict | undefined {
  const code = 'lights-not-burning'
  if (circuit.desired === 0 || circuit.settledMs <= settleMs) return undefined
  const seen: Seen[] = reading.meterTrouble
    ? [{ lamps: 'unclear' }]
    : circuit.phases.map((phase) => lampsOn(phase, circuit, reading))
  const dark = seen.filter(({ lamps }) => lamps === 'dark')
  if (dark.length > 0) {
    const raw = dark.map((one) => one.raw).join(', ')
    return say(circuit.part, code, { state: 'fault', raw })
  }
  if (seen.every(({ lamps }) => lamps === 'lit')) return say(circuit.part, code, { state: 'ok' })
  const noMains = seen.find(({ lamps }) => lamps === 'no-mains')
  if (circuit.relay === false && !noMains) {
    return say(circuit.part, code, { state: 'fault', raw: 'relay stays off' })
  }
  return say(circuit.part, code, { state: 'unknown', raw: noMains?.raw })
}

function burnsUnasked(
  circuit: CircuitReading,
  reading: CabinetReading,
): Omit<Verdict, 'part' | 'code'> {
  const phases = circuit.phases.map((phase) => reading.phases[phase])
  let watts = 0
  for (const phase of phases) {
    if (phase?.v == null || phase.p === null || phase.v < mainsPresentV) return { state: 'unknown' }
    watts += Math.abs(phase.p)
  }
  if (watts <= Math.max(0.05 * (circuit.expectedW ?? 0), burningW)) return { state: 'ok' }
  const others = sharers(reading, circuit)
  // Whose power it is cannot be told while another circuit of the phase may burn by right.
  if (others.some(isLive)) return { state: 'unknown' }
  const suspects = reading.circuits.filter((one) => one === circuit || others.includes(one))
  if (suspects[0] !== circuit) return { state: 'unknown' }
  return { state: 'fault', raw: `${Math.round(watts)} W` }
}

/**
 * Told to be off, settled, the sun well up, and power flows. By night nothing is said, so that what
 * was found by day stays until the next day shows otherwise.
 */
function dayBurning(circuit: CircuitReading, reading: CabinetReading): Verdict | undefined {
  const code = 'day-burning'
  if (reading.clockTrust === 'untrusted') return say(circuit.part, code, { state: 'unknown' })
  if (!isBroadDay(reading.place, reading.at, sunMarginMs)) return undefined
  if (circuit.desired > 0) return say(circuit.part, code, { state: 'ok' })
  if (circuit.settledMs <= settleMs) return undefined
  if (reading.meterTrouble) return say(circuit.part, code, { state: 'unknown' })
  return { part: circuit.part, code, ...burnsUnasked(circuit, reading) }
}

function unreachable({ meterTrouble, relayTrouble }: CabinetReading): Verdict {
  const troubles = [
    ...(meterTrouble ? [`meter: ${meterTrouble}`] : []),
    ...(relayTrouble ? [`relays: ${relayTrouble}`] : []),
  ]
  const state = troubles.length > 0 ? 'fault' : 'ok'
  return say('', 'meter-unreachable', { state, raw: troubles.join('; ') })
}

/**
 * What one look at a cabinet says. Pure; holds and clears are `judge`'s. Active power against the
 * expected one, never current: current of LED drivers rises when the voltage sags. Where the mains,
 * the meter or the clock are missing the answer is `unknown`, not a fault.
 */
export function judgeCabinet(reading: CabinetReading): Verdict[] {
  const verdicts = [unreachable(reading)]
  for (const circuit of reading.circuits) {
    const found = [notBurning(circuit, reading), dayBurning(circuit, reading)]
    verdicts.push(...found.filter((one) => one !== undefined))
  }
  return verdicts
}
