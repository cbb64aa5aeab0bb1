import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { PoolClient } from 'pg'
import type { Log } from '../core/log.ts'
import { messageOf } from '../core/problem.ts'

type BackupOrder = { client: PoolClient; folder: string; log: Log; name: string; url: string }

/** The password goes by the environment: a command line can be read by every user. */
function pgDump(url: string, file: string): Promise<void> {
  const address = new URL(url)
  const password = decodeURIComponent(address.password)
  address.password = ''
  const args = ['--format=custom', `--file=${file}`, `--dbname=${address.href}`]
  const env = password ? { ...process.env, PGPASSWORD: password } : process.env
  return new Promise((resolve, reject) => {
    const child = spawn('pg_dump', args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-500)
    })
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(said.trim() || `pg_dump ended with ${code}`)),
    )
  })
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Copies every table's rows into a schema of their own; indexes and sequences are not copied. */
async function copyTables(client: PoolClient, schema: string): Promise<void> {
  await client.query('START TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  try {
    await client.query('SET LOCAL statement_timeout = 0')
    const { rows } = await client.query<{ tablename: string }>(
      'select tablename from pg_tables where schemaname = current_schema() order by tablename',
    )
    await client.query(`create schema ${quote(schema)}`)
    for (const { tablename } of rows) {
      const table = quote(tablename)
      await client.query(`create table ${quote(schema)}.${table} as table ${table}`)
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

/**
 * Backs up with pg_dump when it is on the PATH and works with this server; otherwise by a copy
 * inside the same server, which helps against a bad migration and not against a lost disk.
 */
export async function backupPostgres(order: BackupOrder): Promise<string> {
  const { client, folder, log, name, url } = order
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}.dump`)
  try {
    await pgDump(url, file)
    return `${file} (pg_dump)`
  } catch (error) {
    rmSync(file, { force: true })
    log.info({ reason: messageOf(error) }, 'no pg_dump, copying tables into a schema instead')
  }
  await copyTables(client, name)
  return `schema ${name} (copy of the tables)`
}
