/**
 * One SQLite connection in its own thread: statements in, rows out, first come first served.
 * It knows nothing of transactions; its owner on the main thread does.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { Answer, Statement } from './engine.ts'

export type SqliteFailure = { message: string; code: string | undefined; errcode: number }
export type SqliteReply = { answer: Answer } | { failure: SqliteFailure }
/** `first` begins the transaction; when it fails the statement itself is not run. */
export type SqliteOrder = (Statement & { first?: string }) | 'rollback' | 'close'

const { path, readOnly } = workerData as { path: string; readOnly: boolean }
const cachedStatements = 500

const connection = new DatabaseSync(path, { readOnly, timeout: 5000 })
const prepared = new Map<string, StatementSync>()

connection.exec(
  readOnly
    ? 'PRAGMA query_only = on'
    : // FULL: a committed business row survives power loss, not only a crash of the process.
      'PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA foreign_keys = on',
)

function prepare(sql: string): StatementSync {
  const known = prepared.get(sql)
  const statement = known ?? connection.prepare(sql)
  if (known) prepared.delete(sql)
  else statement.setReturnArrays(true)
  prepared.set(sql, statement)
  if (prepared.size > cachedStatements) prepared.delete(prepared.keys().next().value ?? sql)
  return statement
}

function execute({ sql, parameters }: Statement): Answer {
  const statement = prepare(sql)
  const values = parameters as SQLInputValue[]
  if (statement.columns().length === 0) {
    const { changes } = statement.run(...values)
    return { columns: [], rows: [], changes: Number(changes) }
  }
  const rows = statement.all(...values) as unknown as unknown[][]
  // Read after the run: SQLite prepares again by itself when the schema has changed.
  const columns = statement.columns().map((column) => column.name)
  const changes = /^\s*select/i.test(sql) ? undefined : rows.length
  return { columns, rows, changes }
}

function obey(order: SqliteOrder): Answer {
  const none = { columns: [], rows: [], changes: undefined }
  if (order === 'close') {
    prepared.clear()
    connection.close()
    return none
  }
  if (order !== 'rollback') {
    if (order.first) connection.exec(order.first)
    return execute(order)
  }
  // After a full disk or an I/O error SQLite has rolled back already.
  if (connection.isTransaction) connection.exec('ROLLBACK')
  return none
}

function reply(order: SqliteOrder): SqliteReply {
  try {
    return { answer: obey(order) }
  } catch (error) {
    const { message, code, errcode } = error as Error & { code?: string; errcode?: number }
    return { failure: { message, code, errcode: errcode ?? 0 } }
  }
}

parentPort?.on('message', (order: SqliteOrder) => {
  parentPort?.postMessage(reply(order))
  if (order === 'close') parentPort?.close()
})
