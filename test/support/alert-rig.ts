import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApplyConditions } from '../../src/alerts/apply.ts'
import { createAlertStore } from '../../src/alerts/store.ts'
import { type HubTables, hubMigrations } from '../../src/app/database.ts'
import type { Accepted } from '../../src/contract/wire/accepted.ts'
import { createManualClock, minutes } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { readEvents } from '../../src/db/events.ts'
import { migrate } from '../../src/db/migrate.ts'
import type { Actor } from '../../src/http/actor.ts'
import { createBindings } from '../../src/register/bindings.ts'

export const t0 = Date.parse('2026-11-24T18:00:00+07:00')

type Fault = {
  unit: string
  part: string
  code: string
  since?: number
  severity?: 'critical' | 'high' | 'medium' | 'low'
}
type Said = {
  active?: Fault[]
  unknown?: { unit: string; part?: string; code?: string }[]
  at?: number
  receivedAt?: number
  late?: boolean
}

export type AlertRig = Awaited<ReturnType<typeof openAlertRig>>

let sets = 0

/** A set of conditions as the ingest hands it on. */
export function conditionSet(agentId: string, said: Said): Accepted<'conditions'> {
  const at = said.at ?? t0
  sets += 1
  return {
    channel: 'conditions',
    agentId,
    at,
    receivedAt: said.receivedAt ?? at,
    late: said.late ?? false,
    body: {
      id: ['0a1b2c3d4e5f', sets],
      lane: said.late ? 'backlog' : 'live',
      boot: '00c0ffee',
      mono: sets,
      at: new Date(at).toISOString(),
      trust: 'trusted',
      rules: 1,
      active: (said.active ?? []).map(({ since = at, ...fault }) => ({
        ...fault,
        since: new Date(since).toISOString(),
      })),
      unknown: said.unknown ?? [],
    },
  }
}

const scope = { everywhere: true, areas: [], contracts: [] } as never
export const manager = { username: 'manager', userId: 'u1', scope: () => scope } as never as Actor

/** A site `cho` with two agents, a recorder of three channels, a UPS; a far camera elsewhere. */
async function furnish(db: Database<HubTables>): Promise<void> {
  await db.write(async (tx) => {
    await tx
      .insertInto('areas')
      .values({ id: 'xa', code: 'xa', createdAt: 0 } as never)
      .execute()
    await tx
      .insertInto('areaVersions')
      .values({
        id: 'xa-1',
        areaId: 'xa',
        name: 'Xã',
        kind: 'commune',
        parentId: null,
        validFrom: 0,
        validTo: null,
      } as never)
      .execute()
    await tx
      .insertInto('areaClosure')
      .values({ areaId: 'xa', ancestorId: 'xa', depth: 0 })
      .execute()
    const site = { areaId: 'xa', lat: null, lon: null, feeder: null, createdAt: 0 }
    await tx
      .insertInto('sites')
      .values({ id: 'cho', name: 'Chợ', ...site })
      .execute()
    const asset = (id: string, kind: string, more: object = {}) => ({
      id,
      kind,
      name: id,
      areaId: 'xa',
      siteId: 'cho',
      parentId: null,
      ownerId: null,
      contractId: null,
      lifecycle: 'in-service',
      lat: null,
      lon: null,
      critical: 0,
      targets: '{}',
      createdAt: 0,
      sought: id,
      ...more,
    })
    const rows = [
      asset('agent-a', 'agent'),
      asset('agent-b', 'agent'),
      asset('rec', 'recorder'),
      asset('ups', 'ups'),
      asset('cam-1', 'camera', { parentId: 'rec' }),
      asset('cam-2', 'camera', { parentId: 'rec' }),
      asset('cam-3', 'camera', { parentId: 'rec' }),
      asset('cam-far', 'camera', { siteId: null }),
      asset('cam-new', 'camera', { lifecycle: 'commissioning', siteId: null }),
    ]
    await tx.insertInto('assets').values(rows).execute()
    await tx
      .insertInto('assetLifecycles')
      .values(
        rows.map((row) => ({
          id: `life-${row.id}`,
          assetId: row.id,
          state: row.lifecycle,
          fromAt: 0,
          toAt: null,
          reason: 'added',
        })),
      )
      .execute()
    const bound = (agentId: string, unit: string, part: string, assetId: string) => ({
      id: `${agentId}-${unit}-${part}`,
      agentId,
      unit,
      part,
      assetId,
      assetPart: '',
      fromAt: 0,
      toAt: null,
    })
    await tx
      .insertInto('bindings')
      .values([
        bound('agent-a', 'nvr1', '', 'rec'),
        bound('agent-a', 'nvr1', 'ch:1', 'cam-1'),
        bound('agent-a', 'nvr1', 'ch:2', 'cam-2'),
        bound('agent-a', 'nvr1', 'ch:3', 'cam-3'),
        bound('agent-a', 'nvr1', 'ch:9', 'cam-new'),
        bound('agent-b', 'ups1', '', 'ups'),
        bound('agent-b', 'nvr2', 'ch:1', 'cam-far'),
      ])
      .execute()
  })
}

/** The alerts on a database of their own, without a hub around them. */
export async function openAlertRig(url?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'ansang-alerts-'))
  const clock = createManualClock(t0)
  const db = await openDatabase<HubTables>({
    url: url ?? `sqlite:${join(folder, 'hub.sqlite')}`,
    clock,
    log: silentLog,
  })
  await migrate(db, hubMigrations, { backupFolder: folder, clock, log: silentLog })
  await furnish(db)
  const bindings = createBindings(db)
  await bindings.refresh()
  const apply = createApplyConditions(bindings.resolve)
  const store = createAlertStore({ db, clock })
  let step = 0
  const alerts = () =>
    db.read((q) => q.selectFrom('alerts').selectAll().orderBy('openedAt').orderBy('id').execute())
  const rig = {
    db,
    clock,
    bindings,
    store,
    apply: (...messages: Accepted[]) => db.write((tx) => apply(tx, messages)),
    /** One live set of an agent, a minute after the one before. */
    say: (agentId: string, said: Said = {}) => {
      rig.pass(1)
      return rig.apply(conditionSet(agentId, { at: t0 + minutes(step), ...said }))
    },
    pass: (minutesLong: number) => {
      step += minutesLong
      clock.advance(minutes(minutesLong))
    },
    alerts,
    open: async () => (await alerts()).filter((row) => row.state !== 'resolved'),
    /** Who stands under whom, by asset. */
    tree: async () => {
      const rows = await rig.open()
      const assetOf = new Map(rows.map((row) => [row.id, `${row.assetId}:${row.code}`]))
      return Object.fromEntries(
        rows.map((row) => [
          `${row.assetId}:${row.code}`,
          row.causeId === null ? null : (assetOf.get(row.causeId) ?? 'gone'),
        ]),
      )
    },
    events: async () =>
      (await readEvents(db, 0, 10_000)).map(({ kind, subject }) => ({ kind, subject })),
    history: async (alertId: string) =>
      (
        await db.read((q) =>
          q
            .selectFrom('alertHistory')
            .selectAll()
            .where('alertId', '=', alertId)
            .orderBy('at')
            .orderBy('id')
            .execute(),
        )
      ).map((row) => row.what),
    end: async () => {
      await db.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return rig
}
