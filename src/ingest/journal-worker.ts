/**
 * The worker thread that owns a journal folder: it alone writes there. Requests are done strictly
 * in order, one answer each, so the main thread pairs them by order. Syncs block this thread only.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { openFolder } from './journal-folder.ts'
import type { JournalFs } from './journal-fs.ts'
import { lockFolder } from './journal-lock.ts'
import { createJournalWriter } from './journal-writer.ts'
import type { SegmentInfo } from './segment.ts'

export type JournalWorkerData = { folder: string; segmentBytes: number; fsModule: string }

export type JournalRequest =
  | { kind: 'commit'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'trim'; upTo: number; roll: boolean }
  | { kind: 'probe' }
  | { kind: 'close' }

export type JournalAnswer = {
  /** Where the committed bytes start. */
  from: number
  end: number
  /** All segments; after a commit only the one in use. */
  segments: readonly SegmentInfo[]
  /** The committed bytes come back, for readers close behind. */
  bytes?: Uint8Array<ArrayBuffer>
  error?: { code: string | undefined; message: string }
  opened?: { id: string; torn: number; damaged: boolean }
}

const port = parentPort
if (!port) throw new Error('runs as a worker thread only')

const { folder, segmentBytes, fsModule } = workerData as JournalWorkerData

function errorOf(error: unknown): NonNullable<JournalAnswer['error']> {
  const { code, message } = error as NodeJS.ErrnoException
  return { code, message: message ?? String(error) }
}

async function open() {
  const { journalFs: fs } = (await import(fsModule)) as { journalFs: JournalFs }
  fs.makeFolder(folder)
  const lock = lockFolder(folder)
  try {
    const { segments, ...opened } = openFolder(fs, folder)
    const writer = createJournalWriter({ fs, folder, segmentBytes, segments })
    return { writer, lock, opened }
  } catch (error) {
    lock.release()
    throw error
  }
}

try {
  const { writer, lock, opened } = await open()
  const state = () => ({ from: writer.end(), end: writer.end(), segments: writer.segments() })
  const perform = (request: JournalRequest): JournalAnswer => {
    switch (request.kind) {
      case 'commit':
        return {
          ...writer.commit(request.bytes),
          segments: writer.segments().slice(-1),
          bytes: request.bytes,
        }
      case 'trim':
        writer.trim(request.upTo, request.roll)
        return state()
      case 'probe':
        writer.probe()
        return state()
      case 'close':
        writer.close()
        lock.release()
        return state()
    }
  }
  port.on('message', (request: JournalRequest) => {
    let answer: JournalAnswer
    try {
      answer = perform(request)
    } catch (error) {
      answer = { ...state(), error: errorOf(error) }
    }
    port.postMessage(answer, answer.bytes ? [answer.bytes.buffer] : [])
    if (request.kind === 'close') port.close()
  })
  port.postMessage({ ...state(), opened } satisfies JournalAnswer)
} catch (error) {
  port.postMessage({ from: 0, end: 0, segments: [], error: errorOf(error) } satisfies JournalAnswer)
  port.close()
}
