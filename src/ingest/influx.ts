import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { messageOf } from '../core/problem.ts'
import { createInfluxClient } from './influx-client.ts'
import { createInfluxHttp, type InfluxAddress } from './influx-http.ts'
import { openInfluxMarks } from './influx-marks.ts'
import { createInfluxReader } from './influx-read.ts'
import { createInfluxRollUp } from './influx-roll-up.ts'
import { createInfluxWriter } from './influx-write.ts'
import type { Level } from './roll-up.ts'
import { defaultRetention, type Retention, type SeriesStore, StoreUnavailable } from './series.ts'
import { checkQuery } from './series-names.ts'

export type InfluxOptions = {
  address: InfluxAddress
  /** For the note of dirty hours: small, this hub's own. */
  folder: string
  clock: Clock
  log: Log
  /**
   * True: this hub makes the database and the policies raw, m5 and h1, and the roll-ups. False (an
   * engine without InfluxQL administration): plain writes and reads of the one place there is.
   */
  managed?: boolean
  retention?: Partial<Retention>
  timeoutMs?: number
}

/**
 * The series store on an InfluxDB 1.x API. The server's own clock decides what is beyond retention.
 * Roll-ups are made from raw for whole hours, so late samples reach them too.
 */
export async function createInfluxSeries(options: InfluxOptions): Promise<SeriesStore> {
  const { address, clock, log, managed = true, timeoutMs = 10_000 } = options
  const retention = { ...defaultRetention, ...options.retention }
  const http = createInfluxHttp(address, timeoutMs)
  const client = createInfluxClient(address, timeoutMs)
  const marks = await openInfluxMarks(options.folder)
  const makeSchema = async () => {
    if (!managed) return false
    try {
      await client.makeSchema(retention)
    } catch (error) {
      // An engine that does not know these statements: the points must wait, not be given up.
      if (error instanceof StoreUnavailable) throw error
      throw new StoreUnavailable('schema', messageOf(error), error)
    }
    log.info({ database: address.database }, 'series database made')
    return true
  }
  const writerTo = (level: Level) => {
    const place = new URLSearchParams({ db: address.database, precision: 'ms' })
    if (managed) place.set('rp', level)
    return createInfluxWriter({ http, path: `/write?${place}`, clock, makeSchema })
  }
  const writer = writerTo('raw')
  const read = createInfluxReader({ client, clock, dirty: marks.dirty, retention, managed })

  const rollUp = createInfluxRollUp({
    client,
    log,
    writers: { m5: writerTo('m5'), h1: writerTo('h1') },
  })
  return {
    write: async (points) => {
      if (!managed) return writer.write(points)
      await marks.touch(points)
      try {
        return await writer.write(points)
      } finally {
        // Again: an hour may have been rolled up and cleared while the points were on their way.
        await marks.touch(points)
      }
    },
    query: async (query) => read(checkQuery(query)),
    maintain: async (now) => {
      if (!managed) return
      const due = marks.dirty.due(now)
      for (const hour of due) {
        await rollUp(hour)
        marks.dirty.clear(hour)
      }
      if (due.length > 0) await marks.compact()
    },
    health: async () => {
      try {
        const answer = await writer.probe()
        if (answer.kind === 'unavailable') return { ok: false, reason: answer.reason }
        return { ok: answer.kind !== 'missing' || managed }
      } catch (error) {
        return { ok: false, reason: messageOf(error) }
      }
    },
    close: async () => http.close(),
  }
}
