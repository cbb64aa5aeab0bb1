import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Clock, hours } from '../core/clock.ts'
import { messageOf } from '../core/problem.ts'
import { encodeBatch } from './embedded-batch.ts'
import type { Answered, Ask } from './embedded-worker.ts'
import { floorTo } from './roll-up.ts'
import { defaultRetention, type Retention, type SeriesStore, StoreUnavailable } from './series.ts'
import { checkQuery } from './series-names.ts'

type Waiting = { resolve: (answered: Answered) => void; reject: (error: Error) => void }

/** A worker that is started on first use, and again after it died. */
function createWorkerLine(data: { path: string; retention: Retention }) {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let lastId = 0

  const failAll = (error: unknown) => {
    worker = undefined
    const away = new StoreUnavailable('server', `series worker died: ${messageOf(error)}`, error)
    for (const { reject } of waiting.values()) reject(away)
    waiting.clear()
  }
  const start = (): Worker => {
    const started = new Worker(new URL('./embedded-worker.ts', import.meta.url), {
      workerData: data,
    })
    started.on('message', ({ id, answered }: { id: number; answered: Answered }) => {
      waiting.get(id)?.resolve(answered)
      waiting.delete(id)
    })
    started.on('error', (error) => started === worker && failAll(error))
    started.on('exit', (code) => started === worker && failAll(`exit code ${code}`))
    return started
  }
  return {
    ask: async (ask: Ask, transfer: ArrayBuffer[] = []) => {
      const id = ++lastId
      const answered = await new Promise<Answered>((resolve, reject) => {
        worker ??= start()
        waiting.set(id, { resolve, reject })
        worker.postMessage({ id, ask }, transfer)
      })
      if (answered.ok) return answered
      if (answered.away) throw new StoreUnavailable('disk', answered.reason)
      throw new Error(`series worker: ${answered.reason}`)
    },
    stop: async () => {
      const last = worker
      worker = undefined
      await last?.terminate()
    },
  }
}

/**
 * The embedded store: one SQLite file below `folder`, in its own worker thread. A batch is one
 * transaction with a synced commit. Roll-ups and dropping go in small steps between writes.
 */
export function createEmbeddedSeries(options: {
  folder: string
  clock: Clock
  retention?: Partial<Retention>
}): SeriesStore {
  const { clock } = options
  const retention = { ...defaultRetention, ...options.retention }
  const line = createWorkerLine({ path: join(options.folder, 'series.db'), retention })
  // Learned from the file: what was dropped once is never half filled again.
  let droppedTo: number | undefined
  const oldest = async (): Promise<number> => {
    const now = clock.now()
    droppedTo ??= (await line.ask({ do: 'probe', now })).rawFrom ?? 0
    return Math.max(droppedTo, floorTo(now - retention.raw, hours(1)))
  }
  return {
    write: async (points) => {
      const { groups, refused, stored } = encodeBatch(points, await oldest())
      const buffers = groups.flatMap(({ at, values }) => [at.buffer, values.buffer])
      if (groups.length > 0) await line.ask({ do: 'write', groups }, buffers)
      return { stored, refused }
    },
    query: async (query) => {
      const asked = { do: 'query', query: checkQuery(query), now: clock.now() } as const
      return (await line.ask(asked)).rows ?? []
    },
    maintain: async (now) => {
      for (let first = true, more = true; more; first = false) {
        more = (await line.ask({ do: 'upkeep', now, first })).more === true
      }
      droppedTo = (await line.ask({ do: 'probe', now: clock.now() })).rawFrom
    },
    health: async () => {
      try {
        await line.ask({ do: 'probe', now: clock.now() })
        return { ok: true }
      } catch (error) {
        return { ok: false, reason: messageOf(error) }
      }
    },
    close: async () => {
      await line.ask({ do: 'close' }).catch(() => undefined)
      await line.stop()
    },
  }
}
