import { sql } from 'kysely'
import { dialectOf } from './columns.ts'
import type { AnyTx, Tx } from './database.ts'

/** Names of the database's own tables (on PostgreSQL: of the current schema), sorted. */
export async function tableNames(tx: AnyTx): Promise<string[]> {
  const query =
    dialectOf(tx) === 'postgres'
      ? sql<{ name: string }>`select tablename as name from pg_tables
          where schemaname = current_schema() order by tablename`
      : sql<{ name: string }>`select name from sqlite_schema
          where type = 'table' and name not like 'sqlite\\_%' escape '\\' order by name`
  const { rows } = await query.execute(tx as Tx<unknown>)
  return rows.map(({ name }) => name)
}
