/**
 * The tree of places. Promises: today's tree is what rights and live filters use; the tree of any
 * earlier moment can be asked for reports. Never deletes an area: a merge or rename is a new version.
 */
import type { Area } from '../contract/api/register.ts'
import type { Clock } from '../core/clock.ts'
import { newId } from '../core/ids.ts'
import { Problem } from '../core/problem.ts'
import type { Tx as AnyTx, Database } from '../db/database.ts'
import { appendEvent } from '../db/events.ts'
import { takeTurn } from '../db/turns.ts'
import type { Scope } from '../http/actor.ts'
import type { AreasTables } from './schema.ts'
import { areaInScope } from './scope.ts'
import { closureOf, makesCycle } from './tree.ts'

type Db = Database<AreasTables>
type Tx = AnyTx<AreasTables>
type NewArea = {
  id?: string | undefined
  code: string
  name: string
  kind: Area['kind']
  parentId: string | null
}
type AreaChange = {
  name?: string | undefined
  kind?: Area['kind'] | undefined
  parentId?: string | null | undefined
}

export type Areas = ReturnType<typeof createAreas>

const todays = (tx: Tx) => tx.selectFrom('areaVersions').where('validTo', 'is', null)

async function rebuildClosure(tx: Tx): Promise<void> {
  const nodes = await todays(tx).select(['areaId as id', 'parentId']).execute()
  await tx.deleteFrom('areaClosure').execute()
  const pairs = closureOf(nodes)
  for (let i = 0; i < pairs.length; i += 200) {
    await tx
      .insertInto('areaClosure')
      .values(pairs.slice(i, i + 200))
      .execute()
  }
}

async function demandParent(tx: Tx, parentId: string | null): Promise<void> {
  if (parentId === null) return
  const parent = await todays(tx).select('areaId').where('areaId', '=', parentId).executeTakeFirst()
  if (!parent) throw new Problem('areas.not-found', `there is no area ${parentId} to put it under`)
}

async function insertArea(tx: Tx, area: NewArea, now: number): Promise<string> {
  await demandParent(tx, area.parentId)
  const id = area.id ?? newId(now)
  const taken = await tx
    .selectFrom('areas')
    .select('id')
    .where('code', '=', area.code)
    .executeTakeFirst()
  if (taken) throw new Problem('resource.conflict', `code ${area.code} is used by another area`)
  await tx.insertInto('areas').values({ id, code: area.code, createdAt: now }).execute()
  await tx
    .insertInto('areaVersions')
    .values({
      id: newId(now),
      areaId: id,
      parentId: area.parentId,
      name: area.name,
      kind: area.kind,
      validFrom: now,
      validTo: null,
    })
    .execute()
  return id
}

async function changeArea(tx: Tx, id: string, change: AreaChange, at: number): Promise<void> {
  const before = await todays(tx).selectAll().where('areaId', '=', id).executeTakeFirst()
  if (!before) throw new Problem('areas.not-found', `there is no area ${id}`)
  const parentId = change.parentId === undefined ? before.parentId : change.parentId
  await demandParent(tx, parentId)
  const nodes = await todays(tx).select(['areaId as id', 'parentId']).execute()
  if (makesCycle(nodes, id, parentId)) {
    throw new Problem('areas.cycle', 'the new parent lies inside this area')
  }
  // A clock that was set back must not end a version before its beginning.
  const now = Math.max(at, before.validFrom)
  await tx.updateTable('areaVersions').set({ validTo: now }).where('id', '=', before.id).execute()
  await tx
    .insertInto('areaVersions')
    .values({
      id: newId(now),
      areaId: id,
      parentId,
      name: change.name ?? before.name,
      kind: change.kind ?? before.kind,
      validFrom: now,
      validTo: null,
    })
    .execute()
}

/** Areas by code order; `scope` limits what is seen to today's tree below the actor's areas. */
async function listAreas(tx: Tx, scope: Scope): Promise<Area[]> {
  const rows = await tx
    .selectFrom('areas')
    .innerJoin('areaVersions as v', 'v.areaId', 'areas.id')
    .where('v.validTo', 'is', null)
    .where((eb) => areaInScope(eb, scope, 'areas.id'))
    .select((eb) => [
      'areas.id',
      'areas.code',
      'v.name',
      'v.kind',
      'v.parentId',
      eb
        .selectFrom('areaClosure')
        .whereRef('areaClosure.areaId', '=', 'areas.id')
        .select((e) => e.fn.max<number>('depth').as('depth'))
        .as('depth'),
    ])
    .orderBy('areas.code')
    .execute()
  return rows.map((row) => ({ ...row, kind: row.kind as Area['kind'], depth: row.depth ?? 0 }))
}

export function createAreas({ db, clock }: { db: Db; clock: Clock }) {
  return {
    list: (scope: Scope): Promise<Area[]> => db.read((q) => listAreas(q, scope)),

    /** Adds an area; returns its id. Throws areas.not-found, resource.conflict. */
    add: (area: NewArea): Promise<string> =>
      db.write(async (tx) => {
        await takeTurn(tx, 'areas')
        const id = await insertArea(tx, area, clock.now())
        await rebuildClosure(tx)
        await appendEvent(tx, { kind: 'area.added', subject: id }, clock.now())
        return id
      }),

    /** Renames, re-parents or re-kinds from now on. Throws areas.not-found, areas.cycle. */
    change: (id: string, change: AreaChange): Promise<void> =>
      db.write(async (tx) => {
        await takeTurn(tx, 'areas')
        await changeArea(tx, id, change, clock.now())
        await rebuildClosure(tx)
        await appendEvent(tx, { kind: 'area.changed', subject: id }, clock.now())
      }),

    /** The tree as it was at `at`, for reports. */
    treeAt: (
      at: number,
    ): Promise<{ id: string; parentId: string | null; name: string; kind: string }[]> =>
      db.read((q) =>
        q
          .selectFrom('areaVersions')
          .where('validFrom', '<=', at)
          .where((eb) => eb.or([eb('validTo', 'is', null), eb('validTo', '>', at)]))
          .select(['areaId as id', 'parentId', 'name', 'kind'])
          .execute(),
      ),
  }
}
