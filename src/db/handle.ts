import {
  CamelCasePlugin,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type Dialect as KyselyDialect,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type UnknownRow,
} from 'kysely'
import type { Answer, Dialect, Statement } from './engine.ts'
import { toValue } from './values.ts'

/** Names are mapped by this file, once per column list; the plugin would do it for every row. */
class Naming extends CamelCasePlugin {
  override transformResult(args: {
    result: QueryResult<UnknownRow>
  }): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(args.result)
  }
  toCamelCase(name: string): string {
    return this.camelCase(name)
  }
}

const naming = new Naming()

/** Rows as objects with camelCase keys. */
export function toObjects(answer: Answer): UnknownRow[] {
  const names = answer.columns.map((name) => naming.toCamelCase(name))
  return answer.rows.map((values) => {
    const row: UnknownRow = {}
    for (let i = 0; i < names.length; i++) row[names[i] as string] = values[i]
    return row
  })
}

const refuse = (what: string) => (): Promise<never> =>
  Promise.reject(new Error(`${what} is not for this handle: it is one transaction already`))

const connectionTo = (run: (statement: Statement) => Promise<Answer>): DatabaseConnection => ({
  executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
    const answer = await run({ sql: query.sql, parameters: query.parameters.map(toValue) })
    const rows = toObjects(answer) as R[]
    if (answer.changes === undefined) return { rows }
    return { rows, numAffectedRows: BigInt(answer.changes) }
  },
  streamQuery: () => {
    throw new Error('streaming is not supported: read in pages')
  },
})

const driverOf = (connection: DatabaseConnection): Driver => ({
  init: async () => {},
  acquireConnection: async () => connection,
  beginTransaction: refuse('a transaction'),
  commitTransaction: refuse('a transaction'),
  rollbackTransaction: refuse('a transaction'),
  releaseConnection: async () => {},
  destroy: async () => {},
})

/** A Kysely whose statements all go to `run`: the transaction that it was made for. */
export function createHandle<S>(
  dialect: Dialect,
  run: (statement: Statement) => Promise<Answer>,
): Kysely<S> {
  const driver = driverOf(connectionTo(run))
  const sqlite: KyselyDialect = {
    createDriver: () => driver,
    createAdapter: () => new SqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
  const postgres: KyselyDialect = {
    createDriver: () => driver,
    createAdapter: () => new PostgresAdapter(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  }
  return new Kysely<S>({ dialect: dialect === 'sqlite' ? sqlite : postgres, plugins: [naming] })
}
