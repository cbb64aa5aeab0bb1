import type { Sample } from '../../src/contract/wire/messages.ts'
import { type UpsReading, upsLow, upsPower } from '../../src/faults/ups.ts'

/** NUT variables (all text) as a reading and as a sample. Pure. */
type Variables = Record<string, string>

const decimal = (text: string | undefined): number | undefined => {
  const trimmed = text?.trim() ?? ''
  return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : undefined
}

const optional = <K extends string>(key: K, text: string | undefined) => {
  const value = decimal(text)
  return value === undefined ? {} : ({ [key]: value } as Record<K, number>)
}

/** A driver without a status, or still waiting for one, does not monitor anything. */
export function readUps(variables: Variables): UpsReading {
  const status = variables['ups.status']?.trim() ?? ''
  if (/^(WAIT)?$/i.test(status)) return { read: false, reason: 'no status' }
  return {
    read: true,
    status,
    ...optional('chargePct', variables['battery.charge']),
    ...optional('lowChargePct', variables['battery.charge.low']),
    ...optional('runtimeS', variables['battery.runtime']),
  }
}

const measured = {
  battery_pct: 'battery.charge',
  load_pct: 'ups.load',
  in_v: 'input.voltage',
  out_v: 'output.voltage',
  runtime_s: 'battery.runtime',
} as const

type Values = Record<string, number | null>
type Reasons = Record<string, string>

/** What the unit does not measure is left out; what it prints but cannot be read is null. */
function numbers(variables: Variables): { values: Values; reasons: Reasons } {
  const values: Values = {}
  const reasons: Reasons = {}
  for (const [name, variable] of Object.entries(measured)) {
    const text = variables[variable]
    if (text === undefined) continue
    const value = decimal(text)
    values[name] = value ?? null
    if (value === undefined) reasons[`/${name}`] = `unreadable: ${text}`.slice(0, 120)
  }
  return { values, reasons }
}

function states(reading: UpsReading): { values: Values; reasons: Reasons } {
  const power = reading.read ? upsPower(reading.status) : 'unknown'
  if (reading.read && power !== 'unknown') {
    const values = { on_battery: power === 'battery' ? 1 : 0, low: upsLow(reading) ? 1 : 0 }
    return { values, reasons: {} }
  }
  const reason = (reading.read ? `status ${reading.status}` : reading.reason).slice(0, 120)
  return {
    values: { on_battery: null, low: null },
    reasons: { '/on_battery': reason, '/low': reason },
  }
}

/** The wire sample (`measures.ups`). */
export function toUpsSample(
  unit: string,
  at: number,
  seen: { reading: UpsReading; variables: Variables | undefined },
): Sample {
  const own = states(seen.reading)
  const others = numbers(seen.variables ?? {})
  const reasons = { ...own.reasons, ...others.reasons }
  return {
    at: new Date(at).toISOString(),
    unit,
    kind: 'ups',
    parts: { '': { ...own.values, ...others.values } },
    ...(Object.keys(reasons).length > 0 ? { reasons } : {}),
  }
}
