import { accessSync, constants, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { messageOf, Problem } from '../core/problem.ts'
import type { Answer, Engine, Mode, Session, Statement } from './engine.ts'
import { SqliteError, type SqliteThread, startSqliteThread } from './sqlite-thread.ts'

const readers = 2
const busy = 5
const locked = 6

/** The folder must be writable even for readers: WAL keeps two more files beside the database. */
function prepareFolder(path: string): void {
  const folder = dirname(path)
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch (cause) {
    throw new Problem(
      'db.unavailable',
      `the folder ${folder} of the database cannot be written: give it to the user who runs ` +
        `the hub, or name another one in ANSANG_DATA_DIR or ANSANG_DB_URL (${messageOf(cause)})`,
      { cause },
    )
  }
}

/**
 * Threads lent one at a time, first come first served. Each is started when it is first needed,
 * and again after it has died.
 */
function createLane(count: number, start: () => SqliteThread) {
  const threads = new Map<number, SqliteThread>()
  const free = Array.from({ length: count }, (_, index) => index)
  const queue: ((index: number) => void)[] = []
  const take = (): Promise<number> => {
    const index = free.pop()
    return index === undefined ? new Promise((lend) => queue.push(lend)) : Promise.resolve(index)
  }
  const borrow = async (): Promise<{ thread: SqliteThread; giveBack: () => void }> => {
    const index = await take()
    const held = threads.get(index)
    const thread = !held || held.ended() ? start() : held
    threads.set(index, thread)
    const giveBack = () => {
      const next = queue.shift()
      if (next) next(index)
      else free.push(index)
    }
    return { thread, giveBack }
  }
  const close = async () => {
    for (const thread of threads.values()) await thread.close()
  }
  return { borrow, close }
}

const plain = (sql: string): Statement => ({ sql, parameters: [] })

const beginnings: Record<Mode, string> = { read: 'BEGIN', write: 'BEGIN IMMEDIATE' }

/** Begins with its first statement and ends a read behind it: each trip to the thread counts. */
function sessionOn(mode: Mode, thread: SqliteThread, giveBack: () => void): Session {
  let begun = false
  return {
    run: (statement) => {
      const order = begun ? statement : { ...statement, first: beginnings[mode] }
      begun = true
      return thread.ask(order)
    },
    commit: async () => {
      // The thread keeps the order: the next reader's statements come after this end. A rollback
      // ends a read as a commit does, and cannot fail.
      if (mode === 'read') thread.ask('rollback').catch(() => {})
      else if (begun) await thread.ask(plain('COMMIT'))
      giveBack()
    },
    rollback: async () => {
      await thread.ask('rollback').catch(() => {})
      giveBack()
    },
  }
}

/** One writing thread and two reading ones on the file at `path` (made when absent). */
export async function openSqlite(path: string): Promise<Engine> {
  const file = resolve(path)
  prepareFolder(file)
  const writer = createLane(1, () => startSqliteThread(file, false))
  const alone = async (statement: Statement): Promise<Answer> => {
    const { thread, giveBack } = await writer.borrow()
    return thread.ask(statement).finally(giveBack)
  }
  // The first statement shows whether the file can be opened, and makes it WAL before a reader.
  try {
    await alone(plain('SELECT count(*) FROM sqlite_schema'))
  } catch (cause) {
    await writer.close()
    const detail = `the database file ${file} cannot be opened: ${messageOf(cause)}`
    throw new Problem('db.unavailable', detail, { cause })
  }
  const reader = createLane(readers, () => startSqliteThread(file, true))
  const begin = async (mode: Mode): Promise<Session> => {
    const { thread, giveBack } = await (mode === 'write' ? writer : reader).borrow()
    return sessionOn(mode, thread, giveBack)
  }
  return {
    dialect: 'sqlite',
    begin,
    backup: async (folder, name) => {
      mkdirSync(folder, { recursive: true })
      const copy = join(resolve(folder), `${name}.sqlite`)
      await alone({ sql: 'VACUUM INTO ?', parameters: [copy] })
      return `${copy} (VACUUM INTO)`
    },
    mayRetry: (error) =>
      error instanceof SqliteError && [busy, locked].includes(error.errcode & 0xff),
    close: async () => {
      // Readers first: the last connection to close folds the WAL into the file.
      await reader.close()
      await writer.close()
    },
  }
}
