import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import { Problem } from '../core/problem.ts'
import { type AnyTx, withTables } from '../db/database.ts'
import type { Scope } from '../http/actor.ts'
import type { AreasTables } from './schema.ts'

/**
 * The one place where scope becomes SQL. `areaColumn` (and `contractColumn` where rows have one)
 * are column references of the caller's query, never user text.
 */
// biome-ignore lint/suspicious/noExplicitAny: a scope condition fits every query's table set
type AnyBuilder = ExpressionBuilder<any, any>

export function areaInScope(
  eb: AnyBuilder,
  scope: Scope,
  areaColumn: string,
  contractColumn?: string,
): Expression<SqlBool> {
  if (scope.everywhere) return sql<SqlBool>`1 = 1`
  const ways: Expression<SqlBool>[] = []
  if (scope.areas.length > 0) {
    const list = sql.join(scope.areas)
    ways.push(
      sql<SqlBool>`${sql.ref(areaColumn)} in (select area_id from area_closure where ancestor_id in (${list}))`,
    )
  }
  if (contractColumn && scope.contracts.length > 0) {
    ways.push(sql<SqlBool>`${sql.ref(contractColumn)} in (${sql.join(scope.contracts)})`)
  }
  return ways.length > 0 ? eb.or(ways) : sql<SqlBool>`1 = 0`
}

/** Rows whose area lies in `areaId` or below it, by today's tree. */
export const areaWithin = (areaColumn: string, areaId: string): Expression<SqlBool> =>
  sql<SqlBool>`${sql.ref(areaColumn)} in (select area_id from area_closure where ancestor_id = ${areaId})`

/**
 * Refuses with "not found" when the area lies outside the scope: who may not see a place is not
 * told that it exists.
 */
export async function demandArea(tx: AnyTx, scope: Scope, areaId: string): Promise<void> {
  const found = await withTables<AreasTables>(tx)
    .selectFrom('areas')
    .select('id')
    .where('id', '=', areaId)
    .where((eb) => areaInScope(eb, scope, 'areas.id'))
    .executeTakeFirst()
  if (!found) throw new Problem('areas.not-found', `there is no area ${areaId}`)
}
