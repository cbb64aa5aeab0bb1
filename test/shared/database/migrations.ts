import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import { createManualClock } from '../../../src/core/clock.ts'
import { silentLog } from '../../../src/core/log.ts'
import { columns } from '../../../src/db/columns.ts'
import { type Database, withTables } from '../../../src/db/database.ts'
import { type Migration, migrate } from '../../../src/db/migrate.ts'
import { type DbTables, dbMigrations } from '../../../src/db/schema.ts'
import { tableNames } from '../../../src/db/tables.ts'
import { closeAll, type Maker, open, startAt } from './maker.ts'

type Tables = DbTables & { lamps: { id: string; watts: number | null } }

const clock = createManualClock(startAt)

const lamps: Migration = {
  id: 'lamps.1',
  up: async (tx, dialect) => {
    const { text } = columns(dialect)
    await tx.schema
      .createTable('lamps')
      .addColumn('id', text, (c) => c.primaryKey())
      .execute()
    await sql`insert into lamps (id) values ('first')`.execute(tx)
  },
}
const watts: Migration = {
  id: 'lamps.2',
  up: async (tx, dialect) => {
    await tx.schema.alterTable('lamps').addColumn('watts', columns(dialect).int8).execute()
    await sql`update lamps set watts = 70`.execute(tx)
  },
}
const broken: Migration = {
  id: 'lamps.3',
  up: async (tx) => {
    await sql`update lamps set watts = 0`.execute(tx)
    throw new Error('cannot go on')
  },
}

const readLamps = (db: Database<Tables>) =>
  db.read((q) => q.selectFrom('lamps').selectAll().execute())

const applied = (db: Database<Tables>) =>
  db.read((q) => q.selectFrom('schemaMigrations').selectAll().orderBy('position').execute())

async function start(maker: Maker) {
  const url = await maker.newUrl()
  const db = await open<Tables>(url, clock)
  const backupFolder = join(maker.newFolder(), 'backups')
  const options = { backupFolder, clock, log: silentLog }
  const backups = () => (existsSync(backupFolder) ? readdirSync(backupFolder) : [])
  return { db, options, url, backups }
}

export function describeMigrations(maker: Maker): void {
  describe('migrations', () => {
    afterEach(closeAll)

    test('are applied once, in order, with their time', async () => {
      const { db, options, backups } = await start(maker)
      const list = [...dbMigrations, lamps, watts]
      expect(await migrate(db, list, options)).toEqual({ applied: ['db.1', 'lamps.1', 'lamps.2'] })
      expect(await migrate(db, list, options)).toEqual({ applied: [] })
      expect(await applied(db)).toEqual([
        { id: 'db.1', appliedAt: startAt, position: 1 },
        { id: 'lamps.1', appliedAt: startAt, position: 2 },
        { id: 'lamps.2', appliedAt: startAt, position: 3 },
      ])
      expect(await readLamps(db)).toEqual([{ id: 'first', watts: 70 }])
      expect(backups()).toEqual([])
    })

    test('of a lower room may come later than those of a higher one', async () => {
      const { db, options } = await start(maker)
      await migrate(db, [...dbMigrations, lamps], options)
      const areas: Migration = { id: 'areas.1', up: async () => {} }
      const later = await migrate(db, [...dbMigrations, areas, lamps, watts], options)
      expect(later.applied).toEqual(['areas.1', 'lamps.2'])
    })

    test('leave everything as it was before the one that fails', async () => {
      const { db, options } = await start(maker)
      const failing = migrate(db, [...dbMigrations, lamps, watts, broken], options)
      await expect(failing).rejects.toThrow('cannot go on')
      expect(await readLamps(db)).toEqual([{ id: 'first', watts: 70 }])
      expect((await applied(db)).map(({ id }) => id)).toEqual(['db.1', 'lamps.1', 'lamps.2'])
    })

    test('of a newer program are refused and nothing is changed', async () => {
      const { db, options, backups } = await start(maker)
      await migrate(db, [...dbMigrations, lamps, watts], options)
      const sites: Migration = {
        id: 'sites.1',
        up: async (tx) => {
          await tx.schema.createTable('sites').addColumn('id', 'text').execute()
        },
      }
      const older = migrate(db, [...dbMigrations, sites, lamps], options)
      await expect(older).rejects.toMatchObject({
        code: 'db.newer-schema',
        message: expect.stringContaining('lamps.2'),
      })
      expect(await db.read(tableNames)).not.toContain('sites')
      expect(backups()).toEqual([])
    })

    test('run once when two processes start together', async () => {
      const { db, options, url } = await start(maker)
      const other = await open<Tables>(url, clock)
      const list = [...dbMigrations, lamps, watts]
      const both = await Promise.all([migrate(db, list, options), migrate(other, list, options)])
      expect(both.flatMap((one) => one.applied).toSorted()).toEqual(['db.1', 'lamps.1', 'lamps.2'])
      expect(await readLamps(db)).toEqual([{ id: 'first', watts: 70 }])
    })
  })

  describe('a backup', () => {
    afterEach(closeAll)

    const withLamps = async () => {
      const started = await start(maker)
      await migrate(started.db, [...dbMigrations, lamps], started.options)
      return started
    }

    test('is made before a database that is not empty is changed', async () => {
      const { db, options, backups } = await withLamps()
      expect(backups()).toEqual([])
      await migrate(db, [...dbMigrations, lamps, watts], options)
      expect(backups()).toHaveLength(1)
    })

    test('holds what was there, and can be opened or restored', async () => {
      const { db, options, backups } = await withLamps()
      await migrate(db, [...dbMigrations, lamps, watts], options)
      const copy = join(options.backupFolder, backups()[0] ?? '')
      const restored = await open<Tables>(await restore(maker, copy), clock)
      expect(await readLamps(restored)).toEqual([{ id: 'first' }])
    })

    if (maker.name === 'SQLite') return

    test('is a copy of the tables where pg_dump does not work', async () => {
      const { db, options, backups } = await withLamps()
      const withoutDump = mkdtempSync(join(maker.newFolder(), 'path-'))
      writeFileSync(join(withoutDump, 'pg_dump'), '#!/bin/sh\necho too old >&2\nexit 1\n')
      chmodSync(join(withoutDump, 'pg_dump'), 0o755)
      const path = process.env['PATH']
      process.env['PATH'] = withoutDump
      try {
        await migrate(db, [...dbMigrations, lamps, watts], options)
      } finally {
        process.env['PATH'] = path
      }
      expect(backups()).toEqual([])
      const rows = await db.read(async (q) => {
        const { rows: schemas } = await sql<{ name: string }>`
            select nspname as name from pg_namespace where nspname like 'backup%'`.execute(q)
        return withTables<Tables>(q)
          .withSchema(schemas[0]?.name ?? 'none')
          .selectFrom('lamps')
          .selectAll()
          .execute()
      })
      expect(rows).toEqual([{ id: 'first' }])
    })
  })
}

/** URL of a new database with the content of the backup. */
async function restore(maker: Maker, copy: string): Promise<string> {
  if (maker.name === 'SQLite') return `sqlite:${copy}`
  const url = await maker.newUrl()
  const done = spawnSync('pg_restore', ['--no-owner', `--dbname=${url}`, copy], {
    encoding: 'utf8',
  })
  if (done.status !== 0) throw new Error(`pg_restore: ${done.error?.message ?? done.stderr}`)
  return url
}
