import { InfluxDB, ResultError } from 'influx'
import { hours } from '../core/clock.ts'
import { messageOf } from '../core/problem.ts'
import { type InfluxAddress, within } from './influx-http.ts'
import type { Level } from './roll-up.ts'
import { type Retention, StoreUnavailable } from './series.ts'

export type InfluxSeries = {
  tags?: Record<string, string>
  columns: string[]
  values: (number | string | null)[][]
}

export type InfluxClient = {
  /** Series of each statement, in one call; times in milliseconds. Values only as placeholders. */
  query: (texts: string[], placeholders: Record<string, string>) => Promise<InfluxSeries[][]>
  /** Makes the database with its policies `raw` (default), `m5` and `h1`, or corrects them. */
  makeSchema: (retention: Retention) => Promise<void>
}

/** A host that failed is asked again at once: waiting is the caller's business. */
const noBackoff = { getDelay: () => 0, next: () => noBackoff, reset: () => noBackoff }

const notThere = /database not found|retention policy not found/

/** A failure of the package as ours: a status code, a network error or a refused statement. */
function translate(error: unknown): Error {
  if (error instanceof StoreUnavailable) return error
  const status = (error as { res?: { statusCode?: number } }).res?.statusCode
  const reason = messageOf(error)
  if (error instanceof ResultError) return new Error(reason, { cause: error })
  if (status === 401 || status === 403) return new StoreUnavailable('credentials', reason, error)
  if (status === undefined || status >= 500) return new StoreUnavailable('network', reason, error)
  return new Error(`influx refused the statement: ${reason}`, { cause: error })
}

type RawResult = { error?: string; series?: InfluxSeries[] }
type RawAnswer = { results?: RawResult[]; error?: string }

const isMissing = ({ error }: RawResult): boolean => error !== undefined && notThere.test(error)

/** A place that is not there holds nothing. */
function seriesIn(result: RawResult): InfluxSeries[] {
  if (result.error === undefined) return result.series ?? []
  if (isMissing(result)) return []
  throw new StoreUnavailable('server', result.error)
}

/** The fixed `influx` package for statements, with our own limit around every call. */
export function createInfluxClient(address: InfluxAddress, timeoutMs: number): InfluxClient {
  const { host, port, tls, database, username, password } = address
  const client = new InfluxDB({
    host,
    port,
    database,
    protocol: tls ? 'https' : 'http',
    ...(username === undefined ? {} : { username, password: password ?? '' }),
    pool: { maxRetries: 0, requestTimeout: timeoutMs, backoff: noBackoff },
  })
  const call = async <T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      return await within(timeoutMs, what, work)
    } catch (error) {
      throw translate(error)
    }
  }
  // The server chooses the shard groups: a day below half a year, a week above.
  const makePolicy = async (name: Level, keepMs: number) => {
    const policy = {
      database,
      duration: `${Math.ceil(keepMs / hours(1))}h`,
      replication: 1,
      isDefault: name === 'raw',
    }
    const make = () => client.createRetentionPolicy(name, policy)
    await call('create retention policy', make).catch(async (error) => {
      if (error instanceof StoreUnavailable) throw error
      await call('alter retention policy', () => client.alterRetentionPolicy(name, policy))
    })
  }
  const ask = async (texts: string[], placeholders: Record<string, string>) => {
    const options = { precision: 'ms' as const, placeholders, method: 'POST' as const, database }
    const work = (signal: AbortSignal) => client.queryRaw(texts, { ...options, signal })
    const { error, results = [] } = (await call('query', work)) as RawAnswer
    return texts.map((_, n) => (error === undefined ? (results[n] ?? {}) : { error }))
  }
  return {
    query: async (texts, placeholders) => {
      const results = await ask(texts, placeholders)
      // The server does not carry out what follows a statement that failed.
      if (texts.length === 1 || !results.some(isMissing)) return results.map(seriesIn)
      const one: InfluxSeries[][] = []
      for (const text of texts) one.push(...(await ask([text], placeholders)).map(seriesIn))
      return one
    },
    makeSchema: async (retention) => {
      await call('create database', () => client.createDatabase(database))
      await makePolicy('raw', retention.raw)
      await makePolicy('m5', retention.m5)
      await makePolicy('h1', retention.h1)
    },
  }
}
