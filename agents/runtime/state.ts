import { join } from 'node:path'
import type { Log } from '../../src/core/log.ts'
import { openFile, openMemory } from './sqlite-file.ts'

const schema =
  'CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID'

/**
 * Small facts that outlive the process: held sections, judge memories, the last known time, the
 * commands carried out. Each `set` is one synced transaction; equal values are not written again.
 */
export type AgentState = {
  get: <T>(name: string) => T | undefined
  set: (name: string, value: unknown) => void
  close: () => void
}

/** Opens the state of `dataDir` (a file of its own: a broken outbox must not cost the plan). */
export function openState(dataDir: string, log: Log): AgentState {
  let { db } = openFile(join(dataDir, 'state.sqlite'), schema, log)
  const written = new Map<string, string>()
  const read = () => {
    for (const row of db.prepare('SELECT name, value FROM state').all()) {
      written.set(String(row['name']), String(row['value']))
    }
  }
  const put = (name: string, value: string) =>
    db
      .prepare(
        'INSERT INTO state VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      )
      .run(name, value)
  read()
  return {
    get: <T>(name: string) => {
      const text = written.get(name)
      return text === undefined ? undefined : (JSON.parse(text) as T)
    },
    set: (name, value) => {
      const text = JSON.stringify(value)
      if (written.get(name) === text) return
      written.set(name, text)
      try {
        put(name, text)
      } catch (error) {
        log.error({ name, err: error }, 'cannot store state on disk, going on in memory')
        db = openMemory(schema).db
      }
    },
    close: () => db.close(),
  }
}
