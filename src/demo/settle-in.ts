/**
 * A province moves in: areas, people, sites, agents; later what the births brought is named a place,
 * a contract, a device, and stepped into service by people, as it would be anywhere.
 */

import type { z } from 'zod'
import { may, scopeOf } from '../access/permissions.ts'
import type { Hub } from '../app.ts'
import type { Grant } from '../contract/api/access.ts'
import type { PutLightingProgram } from '../contract/api/operations.ts'
import type { Clock } from '../core/clock.ts'
import { Problem } from '../core/problem.ts'
import { newSecret } from '../core/secrets.ts'
import type { Actor } from '../http/actor.ts'
import { createWork } from '../work/store.ts'
import { chanceOf } from './chance.ts'
import { type AgentPlan, agentPlans, areas, demoPassword, userPlans } from './province.ts'

type Inside = Hub['inside']

export type Settled = {
  areaIds: ReadonlyMap<string, string>
  actors: ReadonlyMap<string, Actor>
  secrets: ReadonlyMap<string, string>
  contractId: string
}

export function actorIn(actors: ReadonlyMap<string, Actor>, username: string): Actor {
  const actor = actors.get(username)
  if (!actor) throw new Problem('resource.not-found', `there is no demo user ${username}`)
  return actor
}

const toActor = (user: { id: string; username: string }, grants: readonly Grant[]): Actor => ({
  userId: user.id,
  username: user.username,
  via: { kind: 'session', id: 'demo' },
  may: (permission) => may(grants, permission),
  scope: (permission) => scopeOf(grants, permission),
})

const idOf = (ids: ReadonlyMap<string, string>, key: string): string => {
  const id = ids.get(key)
  if (id === undefined) throw new RangeError(`there is no area ${key}`)
  return id
}

async function addAreas({ areas: store }: Inside): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  for (const { key, parent, code, name, kind } of areas) {
    const parentId = parent === null ? null : idOf(ids, parent)
    ids.set(key, await store.add({ code, name, kind, parentId }))
  }
  return ids
}

async function addUsers({ users }: Inside, areaIds: ReadonlyMap<string, string>) {
  const everywhere: Grant[] = [{ role: 'admin', areaId: null, contractId: null }]
  const admin = await users.find('admin')
  if (!admin) throw new Problem('resource.not-found', 'the hub made no administrator')
  const actors = new Map([['admin', toActor(admin, everywhere)]])
  const added = userPlans.map(async ({ username, name, role, area }) => {
    const grants = [{ role, areaId: idOf(areaIds, area), contractId: null }]
    const password = demoPassword
    const id = await users.add({ username, name, password, language: 'vi', grants }, null)
    actors.set(username, toActor({ id, username }, grants))
  })
  await Promise.all(added)
  return actors
}

const targets = [
  { severity: 'critical', responseMin: 30, resolutionMin: 8 * 60 },
  { severity: 'high', responseMin: 60, resolutionMin: 24 * 60 },
  { severity: 'medium', responseMin: 240, resolutionMin: 72 * 60 },
  { severity: 'low', responseMin: 1440, resolutionMin: 168 * 60 },
] as const

async function addContract(hub: Hub, admin: Actor, clock: Clock): Promise<string> {
  const work = createWork({ db: hub.inside.db, clock, timeZone: 'Asia/Ho_Chi_Minh' })
  const policyId = 'bao-tri-2026'
  await work.putPolicy(admin, {
    id: policyId,
    name: 'Cam kết bảo trì 2026',
    version: 0,
    calendarId: 'always',
    targets: [...targets],
  })
  return hub.inside.register.addContract(admin, {
    code: 'HĐ-12/2026',
    name: 'Bảo trì camera và chiếu sáng',
    contractor: 'Công ty CP Kỹ thuật Lam Giang',
    policyId,
  })
}

/** Before the first agent speaks. */
export async function moveIn(hub: Hub, clock: Clock): Promise<Settled> {
  const { inside } = hub
  const areaIds = await addAreas(inside)
  const actors = await addUsers(inside, areaIds)
  const admin = actorIn(actors, 'admin')
  const contractId = await addContract(hub, admin, clock)
  const secrets = new Map(agentPlans.map(({ agentId }) => [agentId, newSecret()]))
  const agents = []
  for (const { agentId, site, area, commune, lat, lon, name } of agentPlans) {
    const areaId = idOf(areaIds, area)
    const feeder = `471-${commune}`
    const siteId = await inside.register.addSite(admin, { name: site, areaId, lat, lon, feeder })
    const secret = secrets.get(agentId) ?? newSecret()
    agents.push({ id: agentId, name: `Bộ giám sát ${name}`, areaId, siteId, secret })
  }
  await inside.devices.addAll(agents)
  return { areaIds, actors, secrets, contractId }
}

const warranty = (text: string) => `202${6 + Math.floor(3 * chanceOf(text))}-06-30`

type Bound = { assetId: string; unit: string; part: string }

/** Assets of an agent's units and their own parts, by local name. */
export function boundAssets({ bindings }: Inside, plan: AgentPlan, now: number): Bound[] {
  const find = (unit: string, part: string): Bound[] => {
    const bound = bindings.resolve(plan.agentId, unit, part, now)
    return bound ? [{ assetId: bound.assetId, unit, part }] : []
  }
  if (plan.kind === 'cabinet')
    return [...find('cab1', ''), ...plan.circuits.flatMap(({ part }) => find('cab1', part))]
  return [
    ...find('nvr1', ''),
    ...plan.cameras.flatMap((_, at) => find('nvr1', `ch:${at + 1}`)),
    ...(plan.ups ? find('ups1', '') : []),
  ]
}

const around = (value: number, text: string): number =>
  Math.round((value + 0.0012 * (chanceOf(text) - 0.5)) * 1e5) / 1e5

const modelOf = (plan: AgentPlan, { unit, part }: Bound): string => {
  if (unit === 'ups1') return 'APC Smart-UPS 1500'
  if (plan.kind === 'cabinet') return 'Tủ ĐKCS 3 pha 50A'
  return part.startsWith('ch:') ? 'DS-2CD2T43G2-4I' : plan.model
}

/** After the births: every asset gets its place, contract and device, and is taken into service. */
export async function takeIntoService(hub: Hub, settled: Settled, now: number): Promise<void> {
  const { register } = hub.inside
  const admin = actorIn(settled.actors, 'admin')
  const { contractId } = settled
  const arrange = async (plan: AgentPlan) => {
    for (const one of boundAssets(hub.inside, plan, now)) {
      const text = `${plan.agentId} ${one.unit} ${one.part}`
      await register.changeAsset(admin, one.assetId, {
        contractId,
        lat: around(plan.lat, `${text} lat`),
        lon: around(plan.lon, `${text} lon`),
        critical: one.part === 'ch:1',
        ...(one.unit === 'ups1' ? { name: `Bộ lưu điện ${plan.site}` } : {}),
      })
      if (one.part.startsWith('circuit:')) continue
      await register.fitEquipment(admin, one.assetId, {
        device: newDevice(modelOf(plan, one), text, contractId),
        at: now,
      })
    }
    const wholes = boundAssets(hub.inside, plan, now).filter(({ part }) => part === '')
    for (const { assetId } of [...wholes, { assetId: plan.agentId }])
      await register.stepLifecycle(admin, assetId, { to: 'in-service', reason: 'nghiệm thu' })
  }
  await Promise.all(agentPlans.map(arrange))
}

/** A device with a serial number that belongs to `text` for ever. */
export const newDevice = (model: string, text: string, contractId: string) => ({
  serial: `AS${Math.floor(chanceOf(`${text} serial`) * 2 ** 32)
    .toString(36)
    .toUpperCase()
    .padStart(7, '0')}`,
  model,
  supplier: 'Công ty CP Kỹ thuật Lam Giang',
  contractId,
  priceVnd: Math.round(chanceOf(`${text} price`) * 80) * 100_000 + 1_900_000,
  funding: chanceOf(`${text} fund`) < 0.3 ? 'xã hội hóa' : 'ngân sách tỉnh',
  warrantyUntil: warranty(text),
})

type Weekly = z.infer<typeof PutLightingProgram>['weekly']

const sun = (event: 'sunset' | 'sunrise', offsetMin: number) =>
  ({ kind: 'sun', event, offsetMin }) as const
const wall = (at: string) => ({ kind: 'clock', at }) as const
const week = [1, 2, 3, 4, 5, 6, 7]

/** The programs that the scheduler publishes. */
export const programs: Record<'province' | 'commune' | 'saving', { name: string; weekly: Weekly }> =
  {
    province: {
      name: 'Chiếu sáng toàn tỉnh',
      weekly: [
        {
          weekdays: week,
          segments: [
            { from: sun('sunset', 5), to: wall('23:00'), level: 100 },
            { from: wall('23:00'), to: sun('sunrise', -15), level: 50 },
          ],
        },
      ],
    },
    commune: {
      name: 'Thắp sáng đường quê An Bình',
      weekly: [
        {
          weekdays: [1, 2, 3, 4, 7],
          segments: [
            { from: sun('sunset', 10), to: wall('22:30'), level: 100 },
            { from: wall('04:00'), to: sun('sunrise', -10), level: 100 },
          ],
        },
        {
          weekdays: [5, 6],
          segments: [{ from: sun('sunset', 10), to: sun('sunrise', -10), level: 100 }],
        },
      ],
    },
    saving: {
      name: 'An Bình – đợt tiết kiệm điện',
      weekly: [
        {
          weekdays: week,
          segments: [
            { from: sun('sunset', 15), to: wall('22:00'), level: 100 },
            { from: wall('04:15'), to: sun('sunrise', -15), level: 100 },
          ],
        },
      ],
    },
  }
