import { afterAll, beforeAll, describe } from 'vitest'
import { startPostgres, type TestPostgres } from './postgres.ts'
import { requirePart } from './real-parts.ts'

/** Settings of a hub on a new, empty database of the kind under test. */
export type NewSettings = () => Promise<Record<string, string>>

const program = requirePart('postgres')

/** Runs one suite on SQLite and on a real PostgreSQL. */
export function describeOnBoth(name: string, body: (newSettings: NewSettings) => void): void {
  describe(`${name}, on SQLite`, () => body(async () => ({})))
  describe.runIf(program)(`${name}, on PostgreSQL`, () => {
    let server: TestPostgres | undefined
    beforeAll(async () => {
      server = await startPostgres(program ?? '')
    })
    afterAll(() => server?.stop())
    body(async () => {
      if (!server) throw new Error('PostgreSQL is not running')
      return { ANSANG_DB_URL: await server.createDatabase() }
    })
  })
}
