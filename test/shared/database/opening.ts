import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { Problem } from '../../../src/core/problem.ts'
import type { TestPostgres } from '../../support/postgres.ts'
import { closeAll, type Maker, open } from './maker.ts'

export function describeSqliteFile(maker: Maker): void {
  describe('the file', () => {
    afterEach(closeAll)

    test('in a folder that cannot be made or written is refused by name, with what to do', async () => {
      const folder = join(maker.newFolder(), 'not-a-folder')
      writeFileSync(folder, '')
      const opening = open(`sqlite:${join(folder, 'hub.db')}`, systemClock)
      await expect(opening).rejects.toThrow(
        new RegExp(`folder ${folder} .* cannot be written.*ANSANG_DATA_DIR`),
      )
    })

    test('that is no database is refused by name and left alone', async () => {
      const path = join(maker.newFolder(), 'hub.db')
      writeFileSync(path, 'this is a letter to my aunt, not a database, and long enough to tell')
      const opening = open(`sqlite:${path}`, systemClock)
      await expect(opening).rejects.toMatchObject({
        code: 'db.unavailable',
        message: expect.stringContaining(path),
      })
      expect(existsSync(`${path}-wal`)).toBe(false)
    })

    test('is made with its folders, and is one file again after the close', async () => {
      const folder = join(maker.newFolder(), 'a', 'b')
      const db = await open(`sqlite:${join(folder, 'hub.db')}`, systemClock)
      await db.write((tx) => sql`create table t (n integer)`.execute(tx))
      await db.read((q) => sql`select n from t`.execute(q))
      await closeAll()
      expect(readdirSync(folder)).toEqual(['hub.db'])
    })

    test('is written durably and checks foreign keys', async () => {
      const db = await open(await maker.newUrl(), systemClock)
      const settings = await db.write(async (tx) => {
        const ask = async (name: string) =>
          Object.values((await sql.raw(`pragma ${name}`).execute(tx)).rows[0] as object)[0]
        return [await ask('journal_mode'), await ask('synchronous'), await ask('foreign_keys')]
      })
      expect(settings).toEqual(['wal', 2, 1])
    })

    test('that is away for a while is read again when it is back', async () => {
      const path = join(maker.newFolder(), 'hub.db')
      const db = await open(`sqlite:${path}`, systemClock)
      await db.write((tx) => sql`create table t (n integer)`.execute(tx))
      const read = () => db.read((q) => sql`select n from t`.execute(q))
      renameSync(path, `${path}.away`)
      await expect(read()).rejects.toThrow('unable to open database file')
      await expect(read()).rejects.toThrow('unable to open database file')
      renameSync(`${path}.away`, path)
      expect((await read()).rows).toEqual([])
    })

    test('in a folder that only others may write is refused by name', () => {
      const folder = maker.newFolder()
      chmodSync(folder, 0o555)
      chmodSync(join(folder, '..'), 0o755)
      const said = openAsSomebody(join(folder, 'hub.db'))
      expect(said).toContain(`the folder ${folder} of the database cannot be written`)
      expect(readdirSync(folder)).toEqual([])
    })
  })
}

/** Root may write everywhere, so the file is opened by a process of an account without rights. */
function openAsSomebody(path: string): string {
  const script = `import { openSqlite } from '${new URL('../../../src/db/sqlite.ts', import.meta.url)}'
    await openSqlite('${path}').catch((error) => console.log(error.message))`
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const args = ['--input-type=module', '--eval', script]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', ...nobody })
  return stdout + stderr
}

export function describePostgresConnection(maker: Maker, server: () => TestPostgres): void {
  describe('the connection', () => {
    afterEach(closeAll)

    test('cut in the middle of a transaction is a clear problem, and the next one works', async () => {
      const db = await open(await maker.newUrl(), systemClock)
      await db.write((tx) => sql`create table t (n integer)`.execute(tx))
      let attempts = 0
      const cut = db.write(async (tx) => {
        attempts++
        await sql`insert into t values (1)`.execute(tx)
        await server().cutConnections()
        await sql`insert into t values (2)`.execute(tx)
      })
      const error = await cut.catch((one: unknown) => one)
      expect(error).toBeInstanceOf(Problem)
      expect(error).toMatchObject({ code: 'db.unavailable' })
      expect(attempts).toBe(1)
      const { rows } = await db.read((q) => sql`select n from t`.execute(q))
      expect(rows).toEqual([])
    })

    test('cut while idle is replaced', async () => {
      const db = await open(await maker.newUrl(), systemClock)
      await db.read((q) => sql`select 1`.execute(q))
      await server().cutConnections()
      const again = () => db.read((q) => sql<{ n: number }>`select 2 as n`.execute(q))
      const answer = await again().catch(again)
      expect(answer.rows).toEqual([{ n: 2 }])
    })

    test('to nobody is refused with what is wrong', async () => {
      const opening = open('postgres://postgres@127.0.0.1:1/hub', systemClock)
      await expect(opening).rejects.toMatchObject({
        code: 'db.unavailable',
        message: expect.stringContaining('does not answer'),
      })
    })

    test('to a database that does not exist is refused with its name', async () => {
      const opening = open(`postgres://postgres@127.0.0.1:${server().port}/nowhere`, systemClock)
      await expect(opening).rejects.toMatchObject({
        code: 'db.unavailable',
        message: expect.stringContaining('nowhere'),
      })
    })

    test('reads integers as numbers in this pool only', async () => {
      const db = await open(await maker.newUrl(), systemClock)
      const { rows } = await db.read((q) => sql`select 5::int8 as n`.execute(q))
      expect(rows).toEqual([{ n: 5 }])
      const { types } = await import('pg')
      expect(types.getTypeParser(20)('5')).toBe('5')
    })

    test('undoes a deadlock and tries again', async () => {
      const db = await open(await maker.newUrl(), systemClock)
      await db.write(async (tx) => {
        await sql`create table t (id integer, n integer)`.execute(tx)
        await sql`insert into t values (1, 0), (2, 0)`.execute(tx)
      })
      let attempts = 0
      const waiting: (() => void)[] = []
      /** Lets both first attempts lock their first row before either asks for its second. */
      const meet = () =>
        new Promise<void>((resolve) => {
          waiting.push(resolve)
          if (waiting.length >= 2) for (const go of waiting) go()
        })
      const addTo = (first: number, second: number) =>
        db.write(async (tx) => {
          attempts++
          await sql`update t set n = n + 1 where id = ${first}`.execute(tx)
          await meet()
          await sql`update t set n = n + 1 where id = ${second}`.execute(tx)
        })
      await Promise.all([addTo(1, 2), addTo(2, 1)])
      const { rows } = await db.read((q) => sql`select n from t order by id`.execute(q))
      expect(rows).toEqual([{ n: 2 }, { n: 2 }])
      expect(attempts).toBe(3)
    })
  })
}
