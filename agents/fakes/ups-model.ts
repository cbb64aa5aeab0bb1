import type { z } from 'zod'
import type { InventoryUnit, Sample } from '../../src/contract/wire/messages.ts'
import type { Verdict } from '../../src/faults/judge.ts'
import { judgeUps, type UpsReading, upsLow, upsPower } from '../../src/faults/ups.ts'

/**
 * A UPS as a plain object: mains, battery and driver. Tests and the demo change it; the fake upsd
 * prints it, and `collectUps` says what a collector would have read.
 */
export type UpsModel = {
  mains: boolean
  chargePct: number
  lowChargePct: number
  loadPct: number
  /** Battery time of a full battery at this load. */
  fullRuntimeS: number
  inputV: number
  outputV: number
  maker: string
  model: string
  serial: string
  /** What stands between the UPS and upsd. */
  driver: 'well' | 'stale' | 'dead'
  /** Words beside or instead of the right ones, as drivers print them. */
  status: string | undefined
}

export const createUpsModel = (serial: string): UpsModel => ({
  mains: true,
  chargePct: 100,
  lowChargePct: 20,
  loadPct: 23.4,
  fullRuntimeS: 1840,
  inputV: 231.4,
  outputV: 231.4,
  maker: 'APC',
  model: 'Smart-UPS 1500',
  serial,
  driver: 'well',
  status: undefined,
})

/** Lets time pass: the battery empties on battery and fills in about three hours on mains. */
export function ageUps(ups: UpsModel, byMs: number): void {
  const seconds = byMs / 1000
  const drop = (100 * seconds) / ups.fullRuntimeS
  const gain = (100 * seconds) / (3 * 3600)
  ups.chargePct = Math.min(100, Math.max(0, ups.chargePct + (ups.mains ? gain : 0 - drop)))
}

export function upsStatus(ups: UpsModel): string {
  if (ups.status !== undefined) return ups.status
  if (ups.mains) return ups.chargePct < 100 ? 'OL CHRG' : 'OL'
  return ups.chargePct < ups.lowChargePct ? 'OB DISCHRG LB' : 'OB DISCHRG'
}

const tenth = (value: number): number => Math.round(value * 10) / 10

/** NUT's variables of this UPS, all text. */
export const upsVariables = (ups: UpsModel): Record<string, string> => ({
  'battery.charge': String(tenth(ups.chargePct)),
  'battery.charge.low': String(ups.lowChargePct),
  'battery.runtime': String(Math.round((ups.fullRuntimeS * ups.chargePct) / 100)),
  'device.mfr': ups.maker,
  'device.model': ups.model,
  'device.serial': ups.serial,
  'input.voltage': String(ups.mains ? ups.inputV : 0),
  'output.voltage': String(ups.outputV),
  'ups.load': String(ups.loadPct),
  'ups.status': upsStatus(ups),
})

const driverErrors = { stale: 'DATA-STALE', dead: 'DRIVER-NOT-CONNECTED' } as const

export function readUpsModel(ups: UpsModel): UpsReading {
  if (ups.driver !== 'well') return { read: false, reason: driverErrors[ups.driver] }
  return {
    read: true,
    status: upsStatus(ups),
    chargePct: tenth(ups.chargePct),
    lowChargePct: ups.lowChargePct,
    runtimeS: Math.round((ups.fullRuntimeS * ups.chargePct) / 100),
  }
}

type ModelCollected = {
  at: number
  sample: Sample
  verdicts: Verdict[]
  inventory: z.infer<typeof InventoryUnit>
}

/** The outcome of one poll, as a collector hands it to its agent. */
export function collectUps(ups: UpsModel, unit: string, at: number): ModelCollected {
  const reading = readUpsModel(ups)
  return {
    at,
    sample: { at: new Date(at).toISOString(), unit, kind: 'ups', ...sampleOf(ups, reading) },
    verdicts: judgeUps(reading),
    inventory: {
      unit,
      kind: 'ups',
      model: `${ups.maker} ${ups.model}`,
      serial: ups.serial,
      parts: [],
    },
  }
}

function sampleOf(ups: UpsModel, reading: UpsReading): Pick<Sample, 'parts' | 'reasons'> {
  if (!reading.read) {
    const { reason } = reading
    return {
      parts: { '': { on_battery: null, low: null } },
      reasons: { '/on_battery': reason, '/low': reason },
    }
  }
  const power = upsPower(reading.status)
  return {
    parts: {
      '': {
        on_battery: power === 'unknown' ? null : power === 'battery' ? 1 : 0,
        low: power === 'unknown' ? null : upsLow(reading) ? 1 : 0,
        battery_pct: reading.chargePct ?? null,
        load_pct: ups.loadPct,
        in_v: ups.mains ? ups.inputV : 0,
        out_v: ups.outputV,
        runtime_s: reading.runtimeS ?? null,
      },
    },
    ...(power === 'unknown'
      ? {
          reasons: {
            '/on_battery': `status ${reading.status}`,
            '/low': `status ${reading.status}`,
          },
        }
      : {}),
  }
}
