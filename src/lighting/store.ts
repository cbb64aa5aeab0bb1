/**
 * What people set once: one weekly program per area. Promises: publishing is one transaction with
 * its version; two schedulers cannot overwrite each other unseen. The publisher compiles it into
 * the cabinets' plans.
 */
import type { z } from 'zod'
import { writeAudit } from '../access/audit.ts'
import type { AreasTables } from '../areas/schema.ts'
import { areaInScope, demandArea } from '../areas/scope.ts'
import type {
  LightingProgram,
  LightingRollout,
  PutLightingProgram,
} from '../contract/api/operations.ts'
import type { Clock } from '../core/clock.ts'
import { Problem } from '../core/problem.ts'
import type { Database, Tx as TxOf } from '../db/database.ts'
import { appendEvent } from '../db/events.ts'
import type { Actor, Scope } from '../http/actor.ts'
import type { RegisterTables } from '../register/schema.ts'
import type { TwinTables } from '../twin/schema.ts'
import { demandWholeWeek } from './check.ts'
import type { LightingTables } from './schema.ts'

type Tables = LightingTables & AreasTables & RegisterTables & TwinTables
type Tx = TxOf<Tables>
type Row = LightingTables['lightingPrograms']

export type Lighting = ReturnType<typeof createLighting>

const toProgram = (row: Row): LightingProgram => ({
  areaId: row.areaId,
  name: row.name,
  version: row.version,
  weekly: JSON.parse(row.weekly),
  updatedAt: new Date(row.updatedAt).toISOString(),
  updatedBy: row.updatedBy,
})

const stale = (version: number) =>
  new Problem('resource.stale', `version ${version} was published meanwhile; look at it first`)

async function put(tx: Tx, row: Row, expectedVersion: number): Promise<void> {
  const before = await tx
    .selectFrom('lightingPrograms')
    .select('version')
    .where('areaId', '=', row.areaId)
    .executeTakeFirst()
  if ((before?.version ?? 0) !== expectedVersion) throw stale(before?.version ?? 0)
  const { areaId, ...change } = row
  // Asked again with the change: on PostgreSQL another scheduler may publish since the look.
  const put = await tx
    .insertInto('lightingPrograms')
    .values(row)
    .onConflict((oc) =>
      oc
        .column('areaId')
        .doUpdateSet(change)
        .where('lightingPrograms.version', '=', expectedVersion),
    )
    .returning('version')
    .executeTakeFirst()
  if (!put) throw stale(row.version)
  const { version, name, weekly, updatedAt: at, updatedBy: by } = row
  await tx
    .insertInto('lightingVersions')
    .values({ areaId, version, name, weekly, at, by })
    .execute()
}

/** How far the plans of the cabinets in this area, and below it, have come. */
async function rolloutOf(tx: Tx, areaId: string): Promise<z.infer<typeof LightingRollout>> {
  const rows = await tx
    .selectFrom('bindings')
    .innerJoin('assets', 'assets.id', 'bindings.assetId')
    .innerJoin('areaClosure', 'areaClosure.areaId', 'assets.areaId')
    .leftJoin('twinSections as s', (join) =>
      join.onRef('s.agentId', '=', 'bindings.agentId').on('s.section', '=', 'plan'),
    )
    .select(['bindings.agentId', 'bindings.unit', 's.state', 's.reason', 's.version'])
    .where('areaClosure.ancestorId', '=', areaId)
    .where('assets.kind', '=', 'cabinet')
    .where('bindings.part', '=', '')
    .where('bindings.toAt', 'is', null)
    .execute()
  const refused = rows.filter((row) => row.state === 'refused')
  const running = rows.filter((row) => row.state === 'accepted').length
  const published = rows.filter((row) => row.version !== null).length
  return {
    areaId,
    cabinets: rows.length,
    published,
    running,
    waiting: published - running - refused.length,
    refused: refused.map(({ agentId, unit, reason }) => ({ agentId, unit, reason: reason ?? '' })),
  }
}

export function createLighting({ db, clock }: { db: Database<Tables>; clock: Clock }) {
  return {
    list: (scope: Scope): Promise<LightingProgram[]> =>
      db.read(async (q) => {
        const rows = await q
          .selectFrom('lightingPrograms')
          .selectAll()
          .where((eb) => areaInScope(eb, scope, 'lightingPrograms.areaId'))
          .orderBy('areaId')
          .execute()
        return rows.map(toProgram)
      }),

    /** Throws areas.not-found, lighting.not-found. */
    get: (scope: Scope, areaId: string): Promise<LightingProgram> =>
      db.read(async (q) => {
        await demandArea(q, scope, areaId)
        const row = await q
          .selectFrom('lightingPrograms')
          .selectAll()
          .where('areaId', '=', areaId)
          .executeTakeFirst()
        if (!row) throw new Problem('lighting.not-found', 'this area has no program of its own')
        return toProgram(row)
      }),

    /** Publishes a new version. Throws lighting.bad-program, resource.stale, areas.not-found. */
    publish: (
      actor: Actor,
      areaId: string,
      wish: z.infer<typeof PutLightingProgram>,
    ): Promise<number> =>
      db.write(async (tx) => {
        const now = clock.now()
        await demandArea(tx, actor.scope('lighting:write'), areaId)
        demandWholeWeek(wish)
        const version = wish.expectedVersion + 1
        const row = {
          areaId,
          version,
          name: wish.name,
          weekly: JSON.stringify(wish.weekly),
          updatedAt: now,
          updatedBy: actor.username,
        }
        await put(tx, row, wish.expectedVersion)
        await writeAudit(tx, {
          at: now,
          by: actor,
          action: 'lighting.published',
          subject: areaId,
          detail: { version },
        })
        await appendEvent(
          tx,
          { kind: 'lighting.published', subject: areaId, data: { version } },
          now,
        )
        return version
      }),

    rollout: (scope: Scope, areaId: string) =>
      db.read(async (q) => {
        await demandArea(q, scope, areaId)
        return rolloutOf(q, areaId)
      }),
  }
}
