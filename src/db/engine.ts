/** What a dialect must be able to do; the rest of the room is the same for both. */
export type Dialect = 'sqlite' | 'postgres'

export type Value = string | number | bigint | null | Uint8Array

export type Statement = { sql: string; parameters: readonly Value[] }

/** Rows as arrays under one list of column names: names are mapped once, not per row. */
export type Answer = { columns: string[]; rows: unknown[][]; changes: number | undefined }

export type Mode = 'read' | 'write'

/** One open transaction. Statements run one after the other, in the order of the calls. */
export type Session = {
  run: (statement: Statement) => Promise<Answer>
  commit: () => Promise<void>
  /** Never throws: what cannot be rolled back is gone with its connection. */
  rollback: () => Promise<void>
}

export type Engine = {
  dialect: Dialect
  begin: (mode: Mode) => Promise<Session>
  /** A consistent copy of everything, named `name`; returns where it is and how it was made. */
  backup: (folder: string, name: string) => Promise<string>
  /** True when nothing was committed and the same work may succeed now. */
  mayRetry: (error: unknown) => boolean
  close: () => Promise<void>
}
