import { PostgresAdapter } from 'kysely'
import type { AnyTx } from './database.ts'
import type { Dialect } from './engine.ts'

/**
 * Column types for table definitions that mean the same in both dialects: times are integer epoch
 * milliseconds, JSON is text, booleans are 0 or 1, ids are text.
 */
export type Columns = {
  /** Integers up to 2^53: times, counts, byte sizes. */
  int8: 'bigint' | 'integer'
  /** 0 or 1; in TypeScript a number, written as a number or a boolean. */
  flag: 'integer'
  text: 'text'
  /** JSON as text: JSON.stringify to write, JSON.parse to read. */
  json: 'text'
  real: 'double precision' | 'real'
  blob: 'bytea' | 'blob'
}

export const columns = (dialect: Dialect): Columns => ({
  int8: dialect === 'postgres' ? 'bigint' : 'integer',
  flag: 'integer',
  text: 'text',
  json: 'text',
  real: dialect === 'postgres' ? 'double precision' : 'real',
  blob: dialect === 'postgres' ? 'bytea' : 'blob',
})

/** The dialect behind a handle, for the few statements that differ. */
export const dialectOf = (tx: AnyTx): Dialect =>
  tx.getExecutor().adapter instanceof PostgresAdapter ? 'postgres' : 'sqlite'
