import { DatabaseError } from 'pg'
import { SqliteError } from './sqlite-thread.ts'

/** SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY and _ROWID. */
const sqliteUnique = [2067, 1555, 2579]

/**
 * True for a row that a unique index refused: the invariant held, somebody was first. Ask outside
 * of `write`, which is over by then; where it is an everyday case use ON CONFLICT instead.
 */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof SqliteError
    ? sqliteUnique.includes(error.errcode)
    : error instanceof DatabaseError && error.code === '23505'
