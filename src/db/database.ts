/**
 * The business database: SQLite by default, PostgreSQL when one machine is not enough; rooms
 * cannot tell which. They get a handle for the length of one transaction and never a connection.
 * Inside `write` nothing but the handle may be awaited, and since a conflict makes `work` run
 * again it must change nothing outside the database. It never holds telemetry.
 */
import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { type Clock, systemClock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { backoffMs } from '../core/loop.ts'
import { Problem } from '../core/problem.ts'
import type { Answer, Dialect, Engine, Mode, Session, Statement } from './engine.ts'
import { createHandle } from './handle.ts'
import { openPostgres } from './postgres.ts'
import { openSqlite } from './sqlite.ts'
import { refuseNesting, runInside, type Transaction } from './transaction.ts'

/** A Kysely bound to one transaction. It has no way to begin, end or leave it. */
export type Tx<S> = Omit<
  Kysely<S>,
  'transaction' | 'startTransaction' | 'connection' | 'destroy' | typeof Symbol.asyncDispose
>

/** Any handle, for code that brings its own table types. */
export type AnyTx = Pick<Tx<unknown>, 'getExecutor'>

export type Database<S = unknown> = {
  readonly dialect: Dialect
  readonly clock: Clock
  readonly log: Log
  /** Runs `work` on one consistent snapshot. */
  read: <T>(work: (q: Tx<S>) => Promise<T>) => Promise<T>
  /**
   * Runs `work` in one transaction: all of it is durable when the promise resolves, none of it
   * when `work` throws. Retries conflicts, so `work` may run more than once.
   */
  write: <T>(work: (tx: Tx<S>) => Promise<T>) => Promise<T>
  /** Calls `wake` after each commit of this process that appended events. Returns the way out. */
  onAppended: (wake: () => void) => () => void
  /** Copies everything, consistently, into `folder` or beside the tables; returns where it is. */
  backup: (folder: string) => Promise<string>
  close: () => Promise<void>
}

/** Any database, for code that brings its own table types with `withTables`. */
export type AnyDatabase = Omit<Database, 'read' | 'write'> & {
  read: <T>(work: (q: AnyTx) => Promise<T>) => Promise<T>
  write: <T>(work: (tx: AnyTx) => Promise<T>) => Promise<T>
}

const attempts = 10

/** The same handle with other table types: for rooms that join theirs with ours. */
export const withTables = <S>(tx: AnyTx): Tx<S> => tx as Tx<S>

/**
 * Runs the statements of one session in the order of the calls. After a failure every further one
 * is refused: PostgreSQL does so, and what passes on SQLite must pass there too.
 */
function guard(session: Session, transaction: Transaction) {
  const state: { failure?: { error: unknown } } = {}
  let last: Promise<unknown> = Promise.resolve()
  const run = async (statement: Statement): Promise<Answer> => {
    if (transaction.over) throw new Error('this handle was used after its transaction ended')
    const answer = last.then(() => {
      if (state.failure) throw state.failure.error
      return session.run(statement)
    })
    last = answer.catch((error) => {
      state.failure ??= { error }
    })
    return answer
  }
  /** No more statements; those that nobody awaited are finished, or refused after a failure. */
  const end = async (failure?: { error: unknown }): Promise<void> => {
    transaction.over = true
    if (failure) state.failure ??= failure
    await last
    if (state.failure && !failure) throw state.failure.error
  }
  return { run, end }
}

async function runOnce<S, T>(
  engine: Engine,
  mode: Mode,
  work: (q: Tx<S>) => Promise<T>,
): Promise<{ result: T; appended: boolean }> {
  const session = await engine.begin(mode)
  const transaction: Transaction = { mode, over: false, appended: false }
  const { run, end } = guard(session, transaction)
  try {
    const result = await runInside(transaction, () => work(createHandle<S>(engine.dialect, run)))
    await end()
    await session.commit()
    return { result, appended: transaction.appended }
  } catch (error) {
    await end({ error })
    await session.rollback()
    throw error
  }
}

async function withRetries<T>(engine: Engine, log: Log, once: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once()
    } catch (error) {
      if (attempt >= attempts || !engine.mayRetry(error)) throw error
      log.debug({ attempt, err: error }, 'transaction conflicts, trying again')
      // Other processes really are at work: this pause is not domain time.
      await systemClock.sleep(backoffMs(attempt, { minMs: 5, maxMs: 500 }))
    }
  }
}

/** Such as backup_20260730t120000_1f3a: sorts by time, is never given twice, is a name anywhere. */
const backupName = (at: number): string => {
  const stamp = new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase()
  return `backup_${stamp}_${randomBytes(2).toString('hex')}`
}

function openEngine(url: string, log: Log): Promise<Engine> {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length))
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url, log)
  throw new Problem('db.unavailable', 'a database URL starts with sqlite: or postgres://')
}

/**
 * Opens the database at `url`: `sqlite:PATH` or `postgres://user:password@host:port/name`.
 * Throws Problem `db.unavailable` that says what to do when it cannot be reached or written.
 */
export async function openDatabase<S = unknown>(options: {
  url: string
  log: Log
  clock: Clock
}): Promise<Database<S>> {
  const { clock, log } = options
  const engine = await openEngine(options.url, log)
  const wakes = new Set<() => void>()
  return {
    dialect: engine.dialect,
    clock,
    log,
    read: async (work) => {
      refuseNesting('read')
      return (await withRetries(engine, log, () => runOnce(engine, 'read', work))).result
    },
    write: async (work) => {
      refuseNesting('write')
      const done = await withRetries(engine, log, () => runOnce(engine, 'write', work))
      if (done.appended) for (const wake of wakes) wake()
      return done.result
    },
    onAppended: (wake) => {
      wakes.add(wake)
      return () => wakes.delete(wake)
    },
    backup: (folder) => {
      refuseNesting('write')
      return engine.backup(folder, backupName(clock.now()))
    },
    close: () => engine.close(),
  }
}
