import { DatabaseError, Pool, type PoolClient, types } from 'pg'
import type { Log } from '../core/log.ts'
import { messageOf, Problem } from '../core/problem.ts'
import type { Answer, Engine, Mode, Session, Statement } from './engine.ts'
import { backupPostgres } from './postgres-backup.ts'
import { toSafeInteger } from './values.ts'

/** One hub is one of several: together they must stay far below the server's 100 connections. */
const poolSize = 8
const statementTimeoutMs = 30_000
const connectTimeoutMs = 10_000

/** serialization_failure and deadlock_detected: the server promises that nothing was committed. */
const conflicts = ['40001', '40P01']

const int8 = 20
const numeric = 1700

/** Local to our pool: other users of `pg` in this process keep its defaults. */
const getTypeParser = ((oid: number, format?: 'text' | 'binary') => {
  if (oid === int8) return toSafeInteger
  // The sum or mean of integers is numeric here and a plain number in SQLite.
  if (oid === numeric) return Number
  return types.getTypeParser(oid, format as 'text')
}) as typeof types.getTypeParser

const changing = ['INSERT', 'UPDATE', 'DELETE', 'MERGE']

/** What the server itself refused stays as it is; a lost connection becomes one clear problem. */
function toProblem(error: unknown): unknown {
  if (error instanceof Problem) return error
  const code = error instanceof DatabaseError ? (error.code ?? '') : ''
  // 08 connection, 53 resources, 57P shutdown and start-up, 28/3D wrong credentials or name.
  if (error instanceof DatabaseError && !/^(08|53|57P|28|3D)/.test(code)) return error
  return new Problem('db.unavailable', `the database does not answer: ${messageOf(error)}`, {
    cause: error,
  })
}

async function ask(client: PoolClient, statement: Statement): Promise<Answer> {
  const { sql, parameters } = statement
  const { command, fields, rowCount, rows } = await client.query<unknown[]>({
    text: sql,
    values: [...parameters],
    rowMode: 'array',
  })
  const changes = changing.includes(command) ? (rowCount ?? 0) : undefined
  return { columns: fields.map((field) => field.name), rows, changes }
}

const plain = (sql: string): Statement => ({ sql, parameters: [] })

const beginnings: Record<Mode, string> = {
  read: 'START TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY',
  write: 'START TRANSACTION ISOLATION LEVEL READ COMMITTED',
}

function sessionOn(client: PoolClient): Session {
  const run = async (statement: Statement): Promise<Answer> => {
    try {
      return await ask(client, statement)
    } catch (error) {
      throw toProblem(error)
    }
  }
  return {
    run,
    commit: async () => {
      await run(plain('COMMIT'))
      client.release()
    },
    rollback: async () => {
      // A connection that cannot roll back is not given back to the pool.
      const failed = await ask(client, plain('ROLLBACK')).then(
        () => false,
        () => true,
      )
      client.release(failed)
    },
  }
}

function createPool(url: string, log: Log): Pool {
  const pool = new Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
    application_name: 'ansang',
    types: { getTypeParser },
  })
  // Both exist so that a lost connection is an answer to the next query and not a crash.
  pool.on('error', (error) => log.warn({ err: error }, 'idle database connection lost'))
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** A small pool on the server at `url`. Throws Problem `db.unavailable` when it does not answer. */
export async function openPostgres(url: string, log: Log): Promise<Engine> {
  const pool = createPool(url, log)
  const connect = () =>
    pool.connect().catch((error: unknown) => {
      throw toProblem(error)
    })
  const begin = async (mode: Mode): Promise<Session> => {
    const client = await connect()
    const session = sessionOn(client)
    try {
      await session.run(plain(beginnings[mode]))
    } catch (error) {
      client.release(true)
      throw error
    }
    return session
  }
  const alone = async (statement: Statement): Promise<Answer> => {
    const client = await connect()
    return ask(client, statement).finally(() => client.release())
  }
  try {
    await alone(plain('SELECT 1'))
  } catch (error) {
    await pool.end()
    throw error
  }
  return {
    dialect: 'postgres',
    begin,
    backup: async (folder, name) => {
      const client = await connect()
      return backupPostgres({ client, folder, log, name, url }).finally(() => client.release())
    },
    mayRetry: (error) => error instanceof DatabaseError && conflicts.includes(error.code ?? ''),
    close: () => pool.end(),
  }
}
