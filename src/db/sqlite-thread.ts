import { Worker } from 'node:worker_threads'
import type { Answer } from './engine.ts'
import type { SqliteOrder, SqliteReply } from './sqlite-worker.ts'

/** `errcode` is SQLite's extended result code. */
export class SqliteError extends Error {
  override readonly name = 'SqliteError'
  readonly errcode: number
  constructor(message: string, errcode: number) {
    super(message)
    this.errcode = errcode
  }
}

export type SqliteThread = {
  ask: (order: SqliteOrder) => Promise<Answer>
  /** True once the thread has ended; whoever holds it starts another one. */
  ended: () => boolean
  close: () => Promise<void>
}

type Waiting = { resolve: (answer: Answer) => void; reject: (error: Error) => void }

/** Starts a thread with its own connection. A failure to open rejects the first `ask`. */
export function startSqliteThread(path: string, readOnly: boolean): SqliteThread {
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), {
    workerData: { path, readOnly },
    execArgv: [],
  })
  const waiting: Waiting[] = []
  let end: Error | undefined
  const failAll = (error: Error) => {
    end ??= error
    for (const one of waiting.splice(0)) one.reject(end)
  }
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  worker.on('error', (error) => failAll(error as Error))
  worker.on('exit', () => failAll(new Error(`the thread of ${path} has ended`)))
  worker.on('message', (reply: SqliteReply) => {
    const one = waiting.shift()
    if ('answer' in reply) one?.resolve(reply.answer)
    else one?.reject(new SqliteError(reply.failure.message, reply.failure.errcode))
  })
  const ask = (order: SqliteOrder): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (end) return reject(end)
      waiting.push({ resolve, reject })
      worker.postMessage(order)
    })
  return {
    ask,
    ended: () => end !== undefined,
    close: async () => {
      if (!end) await ask('close').catch(() => {})
      await exited
    },
  }
}
