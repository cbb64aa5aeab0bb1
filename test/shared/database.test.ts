import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { requirePart } from '../support/real-parts.ts'
import { describeEvents } from './database/events.ts'
import { describeJobs, describeLeases, describeLineage } from './database/jobs.ts'
import type { Maker } from './database/maker.ts'
import { describeMigrations } from './database/migrations.ts'
import { describePostgresConnection, describeSqliteFile } from './database/opening.ts'
import { describeTransactions, describeValues } from './database/transactions.ts'

const root = mkdtempSync(join(tmpdir(), 'ansang-db-'))
const newFolder = () => mkdtempSync(join(root, 'f-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function describeDatabase(maker: Maker): void {
  describeValues(maker)
  describeTransactions(maker)
  describeMigrations(maker)
  describeEvents(maker)
  describeLeases(maker)
  describeLineage(maker)
  describeJobs(maker)
}

describe('database on SQLite', () => {
  const maker: Maker = {
    name: 'SQLite',
    newFolder,
    newUrl: async () => `sqlite:${join(newFolder(), 'hub.db')}`,
  }
  describeDatabase(maker)
  describeSqliteFile(maker)
})

const program = requirePart('postgres')

describe.runIf(program)('database on PostgreSQL', () => {
  const started: TestPostgres[] = []
  beforeAll(async () => {
    started.push(await startPostgres(program ?? ''))
  })
  afterAll(async () => {
    for (const server of started) await server.stop()
  })
  const server = (): TestPostgres => {
    if (!started[0]) throw new Error('PostgreSQL is not running')
    return started[0]
  }
  const maker: Maker = {
    name: 'PostgreSQL',
    newFolder,
    newUrl: () => server().createDatabase(),
  }
  describeDatabase(maker)
  describePostgresConnection(maker, server)
})
