/**
 * An agent without sockets: the agents' own judging and record making on the device models, for
 * living a month. It polls, holds and reports as the real one does, only less often.
 */
import { collectRecorder } from '../../agents/fakes/recorder-model.ts'
import { collectUps } from '../../agents/fakes/ups-model.ts'
import type { Collected } from '../../agents/runtime/collector.ts'
import { fingerprint, look, resume, type UnitJudgement } from '../../agents/runtime/conditions.ts'
import {
  type OutgoingRecord,
  toConditions,
  toTelemetry,
  withEnvelope,
} from '../../agents/runtime/recorder-of-records.ts'
import type { UpChannel } from '../contract/wire/channels.ts'
import type { InventoryUnit } from '../contract/wire/messages.ts'
import { type Plan, planFormat } from '../contract/wire/plan.ts'
import { minutes } from '../core/clock.ts'
import { rulesVersion } from '../faults/catalogue.ts'
import type { JudgeMemory } from '../faults/judge.ts'
import { chanceOf } from './chance.ts'
import { createVirtualCabinet } from './virtual-cabinet.ts'
import type { Site, World } from './world.ts'

export type Fed = { agentId: string; channel: UpChannel; payload: Buffer; receivedAt: number }

export type VirtualAgent = {
  agentId: string
  /** When a unit wants to be polled next, epoch ms. */
  dueAt: () => number
  /** Polls what is due at `at`. */
  poll: (at: number) => Fed[]
  /** Brings every poll forward to `at` at the latest. */
  pollBy: (at: number) => void
  /** A start of the agent: birth and the full set. */
  birth: (at: number) => Fed[]
  /** A new board: an outbox of its own, and nothing remembered but the settings. */
  replace: () => void
  /** The full set again: "I am here". */
  heartbeat: (at: number) => Fed[]
  /** Takes a plan into force and reports it. */
  hold: (plan: HeldPlan, at: number) => Fed[]
  heldPlan: () => HeldPlan | undefined
  /** What the real agent goes on with. */
  memories: () => { unit: string; memory: JudgeMemory; inventory: InventoryUnit | undefined }[]
}

export type HeldPlan = { version: number; hash: string; body: Plan }

type Unit = {
  unit: string
  judgement: UnitJudgement
  inventory?: InventoryUnit
  nextAt: number
  collect: (at: number) => Collected
  /** When the unit itself changes, whatever the schedule says. */
  changesAt: (at: number) => number
}

export const pollEveryMs = minutes(20)

const never = () => Number.POSITIVE_INFINITY

function unitsOf(
  site: Site,
  world: World,
  plan: () => Plan | undefined,
): Omit<Unit, 'judgement'>[] {
  const { agentId } = site.plan
  const nextAt = 0
  if ('unit' in site) {
    const cabinet = createVirtualCabinet(site, {
      meterAnswers: () => world.meterAnswers(agentId),
      plan,
    })
    return [{ unit: 'cab1', nextAt, collect: cabinet.collect, changesAt: cabinet.changesAt }]
  }
  const { model, ups } = site
  return [
    { unit: 'nvr1', nextAt, collect: (at) => collectRecorder(model, 'nvr1', at), changesAt: never },
    ...(ups
      ? [
          {
            unit: 'ups1',
            nextAt,
            collect: (at: number) => collectUps(ups, 'ups1', at),
            changesAt: never,
          },
        ]
      : []),
  ]
}

export function createVirtualAgent(site: Site, world: World): VirtualAgent {
  const { agentId } = site.plan
  const phaseMs = Math.floor(chanceOf(agentId) * pollEveryMs)
  let boards = 0
  let held: HeldPlan | undefined
  let n = 0
  let boots = 0
  let bootedAt = 0
  let said = ''
  const units: Unit[] = unitsOf(site, world, () => held?.body).map((one) => ({
    ...one,
    judgement: resume({}, 0),
  }))

  const wrap = (record: OutgoingRecord, at: number): Fed => {
    n += 1
    const epoch = Math.floor(chanceOf(`${agentId} epoch ${boards}`) * 2 ** 47)
      .toString(16)
      .padStart(12, '0')
    const boot = (Math.floor(chanceOf(`${agentId} boot ${boots}`) * 2 ** 31) >>> 0)
      .toString(16)
      .padStart(8, '0')
    const body = withEnvelope(record, {
      id: [epoch, n],
      lane: 'live',
      boot,
      mono: Math.max(0, at - bootedAt),
      at,
      trust: 'trusted',
    })
    return {
      agentId,
      channel: record.channel,
      payload: Buffer.from(JSON.stringify(body)),
      receivedAt: at,
    }
  }
  const judged = () =>
    units.map(({ unit, judgement }) => ({ unit, everyMs: pollEveryMs, judgement }))
  const fullSet = (at: number): Fed => {
    const record = toConditions(judged(), at)
    said = fingerprint(record.body)
    return wrap(record, at)
  }
  const pollUnit = (one: Unit, at: number): Fed => {
    const collected = one.collect(at)
    one.judgement = look(one.judgement, collected.verdicts, at)
    if (collected.inventory) one.inventory = collected.inventory
    const regular = at - ((at - phaseMs) % pollEveryMs) + pollEveryMs
    const { dueAt = regular } = one.judgement.judged
    one.nextAt = Math.max(at + 1000, Math.min(regular, dueAt, one.changesAt(at)))
    return wrap(toTelemetry(collected), at)
  }
  const pollAll = (some: readonly Unit[], at: number): Fed[] => {
    const records = some.map((one) => pollUnit(one, at))
    const isNews = fingerprint(toConditions(judged(), at).body) !== said
    return isNews ? [...records, fullSet(at)] : records
  }
  const heldSection = () => (held ? { plan: { version: held.version, hash: held.hash } } : {})

  return {
    agentId,
    dueAt: () => Math.min(...units.map((one) => one.nextAt)),
    poll: (at) =>
      pollAll(
        units.filter((one) => one.nextAt <= at),
        at,
      ),
    pollBy: (at) => {
      for (const one of units) one.nextAt = Math.min(one.nextAt, at)
    },
    birth: (at) => {
      boots += 1
      bootedAt = at
      const samples = units.map((one) => pollUnit(one, at))
      const body = {
        version: '0.1.0',
        plan: { format: planFormat },
        rules: rulesVersion,
        capabilities: 'unit' in site ? ['cabinet'] : ['hikvision', ...(site.ups ? ['nut'] : [])],
        inventory: units.flatMap((one) => one.inventory ?? []),
        held: heldSection(),
      }
      return [wrap({ channel: 'birth', body } as OutgoingRecord, at), fullSet(at), ...samples]
    },
    replace: () => {
      boards += 1
      n = 0
      for (const one of units) Object.assign(one, { judgement: resume({}, 0), nextAt: 0 })
    },
    heartbeat: (at) => [fullSet(at)],
    hold: (plan, at) => {
      held = plan
      for (const one of units) one.nextAt = at
      const { version, hash } = plan
      const sections = { plan: { version, hash, state: 'accepted' as const } }
      return [wrap({ channel: 'reported', body: { sections } } as OutgoingRecord, at)]
    },
    heldPlan: () => held,
    memories: () =>
      units.map(({ unit, judgement, inventory }) => ({
        unit,
        memory: judgement.judged.memory,
        inventory,
      })),
  }
}
