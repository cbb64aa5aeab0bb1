import { Worker } from 'node:worker_threads'
import type { JournalAnswer, JournalRequest, JournalWorkerData } from './journal-worker.ts'

/** The main thread's end of one journal worker. */
export type JournalLink = {
  /** Answers come in the order of the requests. Rejects when the worker is gone. */
  call: (request: JournalRequest) => Promise<JournalAnswer>
  /** What opening found. */
  opened: JournalAnswer
}

type Pending = { resolve: (answer: JournalAnswer) => void; reject: (error: Error) => void }

const gone = () => new Error('journal worker has ended')

/** Starts a worker and opens the folder in it. Rejects with the reason when it cannot be opened. */
export async function startLink(
  data: JournalWorkerData,
  onGone: (error: Error) => void,
): Promise<JournalLink> {
  const worker = new Worker(new URL('./journal-worker.ts', import.meta.url), { workerData: data })
  const pending: Pending[] = []
  let ended: Error | undefined
  let closing = false

  const first = new Promise<JournalAnswer>((resolve, reject) => pending.push({ resolve, reject }))
  worker.on('message', (answer: JournalAnswer) => pending.shift()?.resolve(answer))
  worker.on('error', (error) => {
    ended = error instanceof Error ? error : gone()
  })
  worker.on('exit', () => {
    ended ??= gone()
    for (const one of pending.splice(0)) one.reject(ended)
    if (!closing) onGone(ended)
  })

  const call = (request: JournalRequest) =>
    new Promise<JournalAnswer>((resolve, reject) => {
      if (ended) return reject(ended)
      if (request.kind === 'close') closing = true
      pending.push({ resolve, reject })
      worker.postMessage(request, request.kind === 'commit' ? [request.bytes.buffer] : [])
    })

  closing = true
  const opened = await first
  if (opened.error) throw new Error(opened.error.message)
  closing = false
  return { call, opened }
}
