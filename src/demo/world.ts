/**
 * The devices of the demo as plain models, and what is broken of them. The month and the real fakes
 * share these objects, so that what was broken in the month is still broken when sockets open.
 */
import {
  type CabinetModel,
  createCabinetModel,
  type ModelCircuit,
} from '../../agents/fakes/cabinet-model.ts'
import {
  createRecorderModel,
  modelSlot,
  type RecorderModel,
} from '../../agents/fakes/recorder-model.ts'
import { ageUps, createUpsModel, type UpsModel } from '../../agents/fakes/ups-model.ts'
import type { CabinetUnit } from '../../agents/runtime/config.ts'
import { type Clock, days, minutes } from '../core/clock.ts'
import { chanceOf } from './chance.ts'
import type { AgentPlan, CabinetPlan, RecorderPlan } from './province.ts'

export type Trouble =
  | { kind: 'camera'; agentId: string; channel: number }
  | { kind: 'disk'; agentId: string; disk: number }
  /** The recorder hangs or is switched off. */
  | { kind: 'recorder'; agentId: string }
  /** No mains at these agents' sites. */
  | { kind: 'mains'; agentIds: readonly string[] }
  /** The breaker of a circuit is out: told to burn, dark. */
  | { kind: 'breaker'; agentId: string; part: string }
  /** The contactor of a circuit sticks: told to be off, lit. */
  | { kind: 'welded'; agentId: string; part: string }
  | { kind: 'meter'; agentId: string }
  | { kind: 'ups-driver'; agentId: string }

export type RecorderSite = { plan: RecorderPlan; model: RecorderModel; ups: UpsModel | undefined }
export type CabinetSite = {
  plan: CabinetPlan
  model: CabinetModel
  /** Settings of the agent; the port is set when there is one. */
  unit: CabinetUnit
}
export type Site = RecorderSite | CabinetSite

export type World = {
  sites: ReadonlyMap<string, Site>
  recorder: (agentId: string) => RecorderSite
  cabinet: (agentId: string) => CabinetSite
  begin: (trouble: Trouble) => void
  end: (trouble: Trouble) => void
  troubles: () => readonly Trouble[]
  /** Has the agent power to run? */
  isAlive: (agentId: string) => boolean
  hasMains: (agentId: string) => boolean
  meterAnswers: (agentId: string) => boolean
  /** Lets time pass for what ages by itself: batteries, load, clocks. */
  age: () => void
}

const circuitsOf = (plan: CabinetPlan): ModelCircuit[] =>
  plan.circuits.map(({ part, coil, phases, lamps, lampW }) => ({
    part,
    coil,
    phases,
    lamps,
    lampW,
  }))

const unitOf = (plan: CabinetPlan): CabinetUnit => ({
  unit: 'cab1',
  label: plan.name,
  driver: 'cabinet',
  meter: { profile: 'sdm630', host: '127.0.0.1', port: 502, unitId: 1 },
  relays: { host: '127.0.0.1', port: 502, unitId: 2 },
  circuits: plan.circuits.map(({ part, label, coil, phases, lamps, lampW }) => ({
    part,
    label,
    coil,
    phases: [...phases],
    expectedW: lamps * lampW,
  })),
  lat: plan.lat,
  lon: plan.lon,
})

function recorderSite(plan: RecorderPlan, now: number): RecorderSite {
  const model = createRecorderModel({
    name: plan.name,
    serial: plan.serial,
    bootedAt: now - days(20 + 200 * chanceOf(plan.agentId)),
    disks: plan.disks,
  })
  model.model = plan.model
  model.clockOffsetMs = Math.round(4000 * (chanceOf(`${plan.agentId} clock`) - 0.5))
  model.slots = plan.cameras.map((name, index) =>
    modelSlot(index + 1, { name, ip: `192.0.2.${index + 11}` }),
  )
  if (!plan.ups) return { plan, model, ups: undefined }
  const ups = createUpsModel(`AS-UPS-${plan.agentId}`)
  // A night's cut is survived, a day's is not.
  ups.fullRuntimeS = 4 * 3600
  return { plan, model, ups }
}

function siteOf(plan: AgentPlan, clock: Pick<Clock, 'now' | 'monotonic'>): Site {
  if (plan.kind === 'recorder') return recorderSite(plan, clock.now())
  const seed = Math.floor(chanceOf(plan.agentId) * 1e6)
  const startWh = Math.round(2e6 + 5e6 * chanceOf(`${plan.agentId} meter`))
  const model = createCabinetModel({ clock, circuits: circuitsOf(plan), seed, startWh })
  return { plan, model, unit: unitOf(plan) }
}

const same = (a: Trouble, b: Trouble): boolean => JSON.stringify(a) === JSON.stringify(b)

export function createWorld(
  plans: readonly AgentPlan[],
  clock: Pick<Clock, 'now' | 'monotonic'>,
): World {
  const sites = new Map(plans.map((plan) => [plan.agentId, siteOf(plan, clock)]))
  let troubles: Trouble[] = []
  let agedAt = clock.monotonic()

  const has = (trouble: Trouble) => troubles.some((one) => same(one, trouble))
  const hasMains = (agentId: string) =>
    !troubles.some((one) => one.kind === 'mains' && one.agentIds.includes(agentId))
  const isAlive = (agentId: string) => {
    const site = sites.get(agentId)
    const ups = site && 'ups' in site ? site.ups : undefined
    return hasMains(agentId) || (ups !== undefined && ups.chargePct > 0)
  }
  const setRecorder = ({ plan, model, ups }: RecorderSite) => {
    const { agentId } = plan
    const mains = hasMains(agentId)
    const powered = isAlive(agentId) && !has({ kind: 'recorder', agentId })
    if (powered && !model.powered) model.bootedAt = clock.now()
    model.powered = powered
    for (const disk of model.disks) {
      disk.status = has({ kind: 'disk', agentId, disk: disk.id }) ? 'error' : 'ok'
    }
    for (const slot of model.slots) {
      // Cameras hang on the street's mains, not on the UPS of the recorder.
      slot.online = mains && !has({ kind: 'camera', agentId, channel: slot.id })
      slot.detect = slot.online ? 'connect' : 'netUnreachable'
    }
    if (!ups) return
    ups.mains = mains
    ups.driver = has({ kind: 'ups-driver', agentId }) ? 'dead' : 'well'
  }
  const setCabinet = ({ plan, model }: CabinetSite) => {
    const { agentId } = plan
    const mine = (kind: 'breaker' | 'welded') =>
      plan.circuits.map(({ part }) => part).filter((part) => has({ kind, agentId, part }))
    model.change({
      mainsOff: !hasMains(agentId),
      mcbTrip: mine('breaker'),
      welded: mine('welded'),
    })
  }
  const apply = () => {
    for (const site of sites.values()) 'unit' in site ? setCabinet(site) : setRecorder(site)
  }
  const breathe = ({ plan, model, ups }: RecorderSite, passedMs: number) => {
    const mood = chanceOf(`${plan.agentId} ${Math.floor(clock.now() / minutes(10))}`)
    model.cpu = Math.round(12 + 25 * mood)
    model.memUsedMb = Math.round(600 + 300 * mood)
    model.memFreeMb = 2048 - model.memUsedMb
    if (!ups) return
    ups.loadPct = Math.round(10 * (20 + 8 * mood)) / 10
    ups.inputV = Math.round(10 * (226 + 10 * mood)) / 10
    ups.outputV = ups.mains ? ups.inputV : 230
    ageUps(ups, passedMs)
  }
  const find = <T>(agentId: string, pick: (site: Site) => T | undefined): T => {
    const site = sites.get(agentId)
    const found = site && pick(site)
    if (!found) throw new RangeError(`there is no such site ${agentId}`)
    return found
  }
  return {
    sites,
    recorder: (agentId) => find(agentId, (site) => ('unit' in site ? undefined : site)),
    cabinet: (agentId) => find(agentId, (site) => ('unit' in site ? site : undefined)),
    begin: (trouble) => {
      if (!has(trouble)) troubles = [...troubles, trouble]
      apply()
    },
    end: (trouble) => {
      troubles = troubles.filter((one) => !same(one, trouble))
      apply()
    },
    troubles: () => troubles,
    isAlive,
    hasMains,
    meterAnswers: (agentId) => !has({ kind: 'meter', agentId }),
    age: () => {
      const now = clock.monotonic()
      const wasAlive = [...sites.keys()].map(isAlive)
      for (const site of sites.values()) {
        if (!('unit' in site)) breathe(site, now - agedAt)
      }
      agedAt = now
      if ([...sites.keys()].some((agentId, at) => isAlive(agentId) !== wasAlive[at])) apply()
    },
  }
}
