import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFakeCabinet } from '../../agents/fakes/cabinet.ts'
import { createCabinetModel, type ModelCircuit } from '../../agents/fakes/cabinet-model.ts'
import { type Cabinet, createCabinet, openModbusDevices } from '../../agents/light/cabinet.ts'
import type { CollectorDeps } from '../../agents/runtime/collector.ts'
import type { CabinetUnit } from '../../agents/runtime/config.ts'
import type { ClockTrust } from '../../src/contract/wire/common.ts'
import type { CircuitPlan, Plan } from '../../src/contract/wire/plan.ts'
import { createManualClock, type ManualClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { at, hanoi, on, planOf } from './lighting-plans.ts'

/** Real time for one answer; long enough for a busy machine, short enough to time out often. */
export const answerMs = 250

export const tempFolder = (): { folder: string; remove: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), 'ansang-light-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export const planBody = (circuits: Record<string, CircuitPlan>): Plan => ({
  format: 1,
  ...hanoi,
  units: { cab1: { circuits } },
})

/** Both circuits from 18:00 to 05:00. */
export const nightPlan = planBody({
  'circuit:1': planOf(on('18:00', '05:00')),
  'circuit:2': planOf(on('18:00', '05:00')),
})

const lamps: ModelCircuit[] = [
  { part: 'circuit:1', coil: 0, phases: ['A', 'B'], lamps: 12, lampW: 100 },
  { part: 'circuit:2', coil: 3, phases: ['C'], lamps: 5, lampW: 60 },
]

export const cabinetConfig = (port: number): CabinetUnit => ({
  unit: 'cab1',
  driver: 'cabinet',
  meter: { profile: 'sdm630', host: '127.0.0.1', port, unitId: 1 },
  relays: { host: '127.0.0.1', port, unitId: 2 },
  circuits: [
    { part: 'circuit:1', label: 'Đường trục', coil: 0, phases: ['A', 'B'], expectedW: 1200 },
    { part: 'circuit:2', coil: 3, phases: ['C'], expectedW: 300 },
  ],
  lat: hanoi.lat,
  lon: hanoi.lon,
})

/** A fake cabinet, real sockets, a manual clock, and agents on one folder that can be restarted. */
export async function startCabinet(start: string) {
  const clock = createManualClock(at(start))
  const model = createCabinetModel({ clock, circuits: lamps })
  const fake = await createFakeCabinet({ model, clock })
  const { folder, remove } = tempFolder()
  const world = { trust: 'trusted' as ClockTrust, polls: 0 }
  const config = cabinetConfig(fake.port())
  const opened: Cabinet[] = []

  const open = (options: { maxJitterMs?: number } = {}): Cabinet => {
    const deps: CollectorDeps = {
      clock,
      log: silentLog,
      dataDir: folder,
      clockTrust: () => world.trust,
      pollSoon: () => {
        world.polls += 1
      },
    }
    const devices = openModbusDevices(config, { ...deps, timeoutMs: answerMs })
    const cabinet = createCabinet(config, deps, { maxJitterMs: 0, ...options, devices })
    opened.push(cabinet)
    return cabinet
  }
  const close = async () => {
    for (const one of opened) await one.close?.()
    await fake.stop()
    remove()
  }
  return { clock, model, fake, folder, world, config, open, close }
}

/** Lets `promise` end while test time goes on, for what waits on the clock between its I/O. */
export async function during<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  const state = { done: false }
  const finish = () => {
    state.done = true
  }
  promise.then(finish, finish)
  while (!state.done) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    if (!state.done) clock.advance(100)
  }
  return promise
}

export const look = (cabinet: Cabinet) => cabinet.collect(new AbortController().signal)
