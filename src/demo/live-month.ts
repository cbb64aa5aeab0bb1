/**
 * The hub lives the days before: records of the device models go in at its accept port, in the
 * order of virtual time, while its own loops run on a clock that leaps. At each halt everything
 * accepted is applied before anybody looks, so that alerts carry the times they would have had.
 */
import { createAlertStore } from '../alerts/store.ts'
import type { Hub } from '../app.ts'
import { type Clock, hours, minutes, seconds, systemClock } from '../core/clock.ts'
import { Problem } from '../core/problem.ts'
import { withTables } from '../db/database.ts'
import type { DbTables } from '../db/schema.ts'
import type { Actor } from '../http/actor.ts'
import type { LeapClock } from './leap-clock.ts'
import type { Deed } from './month-script.ts'
import { answerTo } from './people.ts'
import { type AgentPlan, agentPlans } from './province.ts'
import {
  actorIn,
  boundAssets,
  moveIn,
  newDevice,
  programs,
  type Settled,
  takeIntoService,
} from './settle-in.ts'
import { createVirtualAgent, type Fed, type VirtualAgent } from './virtual-agent.ts'
import type { Trouble, World } from './world.ts'

export type Month = {
  settled: Settled
  agents: ReadonlyMap<string, VirtualAgent>
  figures: { records: number; bytes: number; halts: number; acknowledged: number }
}

export type MonthOptions = {
  hub: Hub
  /** The hub's own clock, as its rooms see it. */
  clock: Clock
  /** What moves that clock, and the one of the devices. */
  leaps: { hub: LeapClock; devices: LeapClock }
  world: World
  from: number
  /** Where the life ends; asked again and again, for real time goes on meanwhile. */
  until: () => number
  script: readonly Deed[]
  onHalt: (at: number) => void
  /** The people are there, the first alert is not. */
  onSettled?: (settled: Settled) => Promise<void>
  signal: AbortSignal
}

/** A halt at least so often: figures by area are written at halts. */
const haltEveryMs = hours(2)
/** Silence counts after three minutes; a little later the hub has surely looked. */
const silenceSeenMs = seconds(200)
/** Short enough for a hub that is awake. */
const stepMs = seconds(40)
const messageSeenMs = minutes(5)
const bootMs = seconds(45)

// Real time: the hub's threads work in it while its clock stands still.
const breath = () => systemClock.sleep(1)

async function patiently(what: string, isDone: () => boolean | Promise<boolean>): Promise<void> {
  const startedAt = systemClock.monotonic()
  while (!(await isDone())) {
    if (systemClock.monotonic() - startedAt > seconds(60))
      throw new Error(`the hub did not get on: ${what}`)
    await breath()
  }
}

async function feed({ inside }: Hub, records: readonly Fed[]): Promise<void> {
  if (records.length === 0) return
  await Promise.all(
    records.map(
      (record) =>
        new Promise<void>((resolve, reject) => {
          inside.journal.append(record, (error) => (error ? reject(error) : resolve()))
        }),
    ),
  )
  await patiently('records are not applied', () => inside.stateReader.caughtUp())
}

/** Moments at which to stop and look, earliest first, each once. */
function createHalts(first: readonly number[]) {
  const moments = new Set(first)
  return {
    add: (at: number) => moments.add(Math.round(at)),
    /** The next one after `at`, at most one regular halt away. */
    after: (at: number, end: number): number => {
      let next = Math.min(end, (Math.floor(at / haltEveryMs) + 1) * haltEveryMs)
      for (const moment of moments) {
        if (moment <= at) moments.delete(moment)
        else if (moment < next) next = moment
      }
      return next
    },
  }
}

const aroundDeed = (deed: Deed): number[] => {
  const { at } = deed
  const isPower = 'trouble' in deed && deed.trouble.kind === 'mains'
  return [at, ...(isPower ? [at + silenceSeenMs] : []), at + messageSeenMs]
}

/** The devices' side: which agents run, and their records between two moments. */
function createFleet({ world, leaps, from }: MonthOptions) {
  const agents = new Map(
    [...world.sites].map(([agentId, site]) => [agentId, createVirtualAgent(site, world)]),
  )
  const running = new Set<string>()
  const booting = new Map<string, number>([...agents.keys()].map((id) => [id, from + minutes(1)]))

  const look = (at: number) => {
    for (const agentId of agents.keys()) {
      if (!world.isAlive(agentId)) {
        running.delete(agentId)
        booting.delete(agentId)
      } else if (!running.has(agentId) && !booting.has(agentId)) {
        booting.set(agentId, at + bootMs)
      }
    }
  }
  const nextOf = (agent: VirtualAgent): number =>
    booting.get(agent.agentId) ??
    (running.has(agent.agentId) ? agent.dueAt() : Number.POSITIVE_INFINITY)
  const start = (agent: VirtualAgent, at: number): Fed[] => {
    booting.delete(agent.agentId)
    running.add(agent.agentId)
    return agent.birth(at)
  }
  /** Everything that is said after `since` and up to `to`. */
  const between = (since: number, to: number): Fed[] => {
    const records: Fed[] = []
    const list = [...agents.values()]
    for (let at = since; ; ) {
      const next = Math.min(...list.map(nextOf))
      if (next > to - seconds(30)) break
      at = Math.max(at, next)
      leaps.devices.leapTo(at)
      world.age()
      look(at)
      for (const agent of list) {
        if (nextOf(agent) > at) continue
        const isStart = booting.has(agent.agentId)
        records.push(...(isStart ? start(agent, at) : agent.poll(at)))
      }
    }
    const last = to - seconds(20)
    const alive = list.filter((agent) => running.has(agent.agentId))
    return [...records, ...alive.flatMap((agent) => agent.heartbeat(last))]
  }
  /** Real agents poll each few seconds: what changed is seen soon. */
  const hurry = (trouble: Trouble, at: number) => {
    const ids = trouble.kind === 'mains' ? trouble.agentIds : [trouble.agentId]
    for (const id of ids) agents.get(id)?.pollBy(at + seconds(8))
  }
  return { agents, look, between, hurry }
}

type Fleet = ReturnType<typeof createFleet>

/** Waits for the plans that a publication compiles, and lets the cabinets take them. */
async function takePlans({ hub, clock }: MonthOptions, fleet: Fleet): Promise<Fed[]> {
  const { db } = hub.inside
  await patiently('plans are not compiled', () =>
    db.read(async (tx) => {
      const q = withTables<DbTables>(tx)
      const [cursor, published] = await Promise.all([
        q
          .selectFrom('eventCursors')
          .select('seq')
          .where('name', '=', 'lighting')
          .executeTakeFirst(),
        q
          .selectFrom('events')
          .select((e) => e.fn.max('seq').as('seq'))
          .where('kind', '=', 'lighting.published')
          .executeTakeFirst(),
      ])
      return Number(cursor?.seq ?? 0) >= Number(published?.seq ?? 0)
    }),
  )
  const rows = await db.read((q) =>
    q.selectFrom('twinSections').selectAll().where('section', '=', 'plan').execute(),
  )
  return rows.flatMap(({ agentId, version, hash, body }) => {
    const agent = fleet.agents.get(agentId)
    if (!agent || agent.heldPlan()?.hash === hash) return []
    return agent.hold({ version, hash, body: JSON.parse(body) }, clock.now())
  })
}

/** What people do: take alerts on, close what they mended, fit devices, publish hours. */
function createCrowd(options: MonthOptions, settled: Settled, fleet: Fleet) {
  const { hub, clock, world } = options
  const alerts = createAlertStore({ db: hub.inside.db, clock })
  const admin = actorIn(settled.actors, 'admin')
  const everywhere = admin.scope('alert:read')
  const answers = new Map<string, { at: number; by: string; note: string }>()
  const versions = new Map<string, number>()
  const mine = new Set(
    [...settled.areaIds].flatMap(([key, id]) => (key.startsWith('an-binh') ? [id] : [])),
  )
  let acknowledged = 0
  let fitted = 0

  const tryAs = async (actor: Actor, id: string, note: string) => {
    try {
      await alerts.acknowledge(actor, id, note)
      acknowledged += 1
    } catch (error) {
      // It ended by itself meanwhile, as it may under the hands of real people.
      if (!(error instanceof Problem)) throw error
    }
  }
  const look = async (): Promise<number[]> => {
    const query = { state: 'open', limit: 100, withChildren: false } as const
    const { items } = await alerts.list(everywhere, query)
    for (const alert of items) {
      if (!answers.has(alert.id)) answers.set(alert.id, answerTo(alert, mine.has(alert.areaId)))
    }
    const now = clock.now()
    const due = items.filter(({ id }) => (answers.get(id)?.at ?? now) <= now)
    for (const { id } of due) {
      const { by, note } = answers.get(id) ?? { by: 'kythuat', note: '' }
      await tryAs(actorIn(settled.actors, by), id, note)
    }
    return items.flatMap(({ id }) => answers.get(id)?.at ?? [])
  }
  const assetOf = (agentId: string, unit: string, part: string) =>
    hub.inside.bindings.resolve(agentId, unit, part, clock.now())
  const resolve = async (deed: Deed & { do: 'resolve' }) => {
    const bound = assetOf(deed.agentId, deed.unit, deed.part)
    if (!bound) return
    const query = {
      state: 'active',
      limit: 20,
      withChildren: true,
      assetId: bound.assetId,
    } as const
    const { items } = await alerts.list(everywhere, query)
    const found = items.find(({ code, part }) => code === deed.code && part === bound.part)
    if (found) await alerts.resolve(actorIn(settled.actors, 'quanly'), found.id, deed.note)
  }
  const fitNew = async ({ agentId, unit, part, model }: Deed & { do: 'fit' }) => {
    const bound = assetOf(agentId, unit, part)
    if (!bound) return
    fitted += 1
    const device = newDevice(model, `${agentId} ${unit} ${part} ${fitted}`, settled.contractId)
    await hub.inside.register.fitEquipment(admin, bound.assetId, { device, at: undefined })
  }
  const publish = async ({ area, program }: Deed & { do: 'publish' }) => {
    const areaId = settled.areaIds.get(area) ?? ''
    const wish = { ...programs[program], expectedVersion: versions.get(area) ?? 0 }
    const scheduler = actorIn(settled.actors, 'laplich')
    versions.set(area, await hub.inside.lighting.publish(scheduler, areaId, wish))
    await feed(hub, await takePlans(options, fleet))
  }
  const carryOut = async (deed: Deed): Promise<void> => {
    switch (deed.do) {
      case 'begin':
        world.begin(deed.trouble)
        return fleet.hurry(deed.trouble, deed.at)
      case 'end':
        world.end(deed.trouble)
        return fleet.hurry(deed.trouble, deed.at)
      case 'replace-agent':
        return fleet.agents.get(deed.agentId)?.replace()
      case 'resolve':
        return resolve(deed)
      case 'fit':
        return fitNew(deed)
      case 'publish':
        return publish(deed)
    }
  }
  return { look, carryOut, acknowledged: () => acknowledged }
}

/**
 * Brings all clocks to `to`. A hub that leaps was deaf meanwhile and calls nobody silent, so where
 * silence matters it walks.
 */
async function settle({ hub, world, leaps }: MonthOptions, to: number): Promise<void> {
  leaps.devices.leapTo(to)
  const walks = to - leaps.hub.now() <= silenceSeenMs
  while (leaps.hub.now() < to) {
    leaps.hub.leapTo(walks ? Math.min(to, leaps.hub.now() + stepMs) : to)
    await hub.inside.silence.once()
  }
  world.age()
}

/** The first births, and the assets they bring taken into service. */
async function commission(options: MonthOptions, fleet: Fleet): Promise<Settled> {
  const { hub, clock, from } = options
  const settled = await moveIn(hub, clock)
  const to = from + minutes(5)
  await feed(hub, fleet.between(from, to))
  await settle(options, to)
  const isBound = (plan: AgentPlan) =>
    boundAssets(hub.inside, plan, to).some(({ part }) => part !== '')
  await patiently('assets are not bound', () => agentPlans.every(isBound))
  await options.onSettled?.(settled)
  await takeIntoService(hub, settled, to)
  return settled
}

/** Lives until `until()`; the hub's clock then stands there. Throws when the signal aborts. */
export async function liveMonth(options: MonthOptions): Promise<Month> {
  const { hub, leaps, until, script, signal, onHalt } = options
  const fleet = createFleet(options)
  const settled = await commission(options, fleet)
  const crowd = createCrowd(options, settled, fleet)
  const halts = createHalts(script.flatMap(aroundDeed))
  const todo = [...script]
  const figures = { records: 0, bytes: 0, halts: 0, acknowledged: 0 }
  for (let at = leaps.hub.now(); at < until() - seconds(5); ) {
    signal.throwIfAborted()
    const to = halts.after(at, until())
    const records = fleet.between(at, to)
    figures.records += records.length
    figures.bytes += records.reduce((sum, { payload }) => sum + payload.length, 0)
    await feed(hub, records)
    await settle(options, to)
    for (const moment of await crowd.look()) if (moment > to) halts.add(moment)
    while (todo[0] && todo[0].at <= to) {
      const deed = todo.shift()
      if (deed) await crowd.carryOut(deed)
    }
    fleet.look(to)
    figures.halts += 1
    onHalt(to)
    at = to
  }
  await patiently('telemetry is not stored', () => hub.inside.seriesReader.caughtUp())
  return {
    settled,
    agents: fleet.agents,
    figures: { ...figures, acknowledged: crowd.acknowledged() },
  }
}
