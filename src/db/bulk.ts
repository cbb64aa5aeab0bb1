import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely'
import { dialectOf } from './columns.ts'
import type { AnyTx } from './database.ts'

/**
 * Many rows in one statement with one parameter: the rows travel as JSON and the database takes
 * them apart. A multi-row insert of a query builder costs more than the database itself.
 */
type ColumnType = 'text' | 'bigint' | 'integer'

export type BulkTable = {
  table: string
  /** Column (snake case) to its type, in the order of the values of a row. */
  columns: Record<string, ColumnType>
  /** Columns of the unique key that decides between insert and update. */
  key: readonly string[]
}

/** What JSON says by an escape and PostgreSQL refuses to make text of: NUL, half a surrogate pair. */
const unstorable = /\\u(?:0000|d[89a-f])/

/** Text as the database keeps it, the same in both dialects and as single parameters are kept. */
const storable = (_key: string, value: unknown) =>
  typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value

const toJson = (value: unknown): string => {
  const json = JSON.stringify(value)
  return unstorable.test(json) ? JSON.stringify(value, storable) : json
}

const list = (names: readonly string[]) => sql.join(names.map((name) => sql.ref(name)))

/** `->> 3` gives text, a number or null as it was in the JSON; PostgreSQL wants the type said. */
function picked(tx: AnyTx, columns: BulkTable['columns']): RawBuilder<unknown> {
  const isSqlite = dialectOf(tx) === 'sqlite'
  const parts = Object.values(columns).map((type, i) =>
    isSqlite ? sql`r.value ->> ${sql.lit(i)}` : sql`(r.value ->> ${sql.lit(i)})::${sql.raw(type)}`,
  )
  return sql.join(parts)
}

const source = (tx: AnyTx, json: string): RawBuilder<unknown> =>
  dialectOf(tx) === 'sqlite'
    ? sql`json_each(${json}) as r`
    : sql`json_array_elements(${json}::json) as r(value)`

/** Inserts rows, or overwrites those with the same key. A key must not stand in `rows` twice. */
export async function bulkUpsert(
  tx: AnyTx,
  { table, columns, key }: BulkTable,
  rows: readonly (readonly (string | number | null)[])[],
): Promise<void> {
  if (rows.length === 0) return
  const names = Object.keys(columns)
  const others = names.filter((name) => !key.includes(name))
  const changes = others.map((name) => sql`${sql.ref(name)} = excluded.${sql.ref(name)}`)
  const json = toJson(rows)
  await sql`insert into ${sql.table(table)} (${list(names)}) select ${picked(tx, columns)}
    from ${source(tx, json)} where true
    on conflict (${list(key)}) do update set ${sql.join(changes)}`.execute(tx as never)
}

/** Inserts rows that are new for certain. */
export async function bulkInsert(
  tx: AnyTx,
  { table, columns }: Omit<BulkTable, 'key'>,
  rows: readonly (readonly (string | number | null)[])[],
): Promise<void> {
  if (rows.length === 0) return
  const json = toJson(rows)
  await sql`insert into ${sql.table(table)} (${list(Object.keys(columns))})
    select ${picked(tx, columns)} from ${source(tx, json)}`.execute(tx as never)
}

/** `column in (…)` for any number of texts with one parameter. */
export const inTexts = (
  tx: AnyTx,
  column: string,
  values: readonly string[],
): Expression<SqlBool> =>
  dialectOf(tx) === 'sqlite'
    ? sql<SqlBool>`${sql.ref(column)} in (select value from json_each(${toJson(values)}))`
    : sql<SqlBool>`${sql.ref(column)} = any (select json_array_elements_text(${toJson(values)}::json))`
