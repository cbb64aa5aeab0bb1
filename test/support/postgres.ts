import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { until } from './until.ts'

export type TestPostgres = {
  port: number
  /** Makes an empty database of its own and returns its URL. */
  createDatabase: () => Promise<string>
  /** Ends every connection, as a failing network or a restart of the server does. */
  cutConnections: () => Promise<void>
  /** Folder of pg_dump and psql of the same version. */
  binFolder: string
  stop: () => Promise<void>
}

type Account = { uid?: number; gid?: number }

const accountId = (what: '-u' | '-g'): number =>
  Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' }))

/** PostgreSQL refuses to run as root: there the account of the Debian package is used. */
const serverAccount = (): Account =>
  process.getuid?.() === 0 ? { uid: accountId('-u'), gid: accountId('-g') } : {}

function makeFolder({ uid, gid }: Account): string {
  const folder = mkdtempSync(join(tmpdir(), 'ansang-postgres-'))
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid)
  return folder
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })

async function ask(port: number, sql: string): Promise<void> {
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

function startServer(program: string, folder: string, options: Account & { port: number }) {
  const { port, ...account } = options
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: String(port),
    fsync: 'on',
    max_connections: '60',
    shared_buffers: '16MB',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const args = ['-D', join(folder, 'data'), ...flags]
  return spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder, ...account })
}

/** SIGINT is the fast shutdown: connections are ended, everything is written. */
async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGINT')
  await ended
}

/**
 * Starts a private PostgreSQL with its own data folder on a free port of the loopback, fsync on.
 * `program` is the path of `postgres`. One per test file; `stop` leaves nothing behind.
 */
export async function startPostgres(program: string): Promise<TestPostgres> {
  const binFolder = dirname(program)
  const account = serverAccount()
  const folder = makeFolder(account)
  const init = ['-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync']
  const args = ['-D', join(folder, 'data'), ...init]
  execFileSync(join(binFolder, 'initdb'), args, { stdio: 'pipe', cwd: folder, ...account })
  const port = await freePort()
  const server = startServer(program, folder, { port, ...account })
  let said = ''
  server.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000)
  })
  const stop = async () => {
    await stopServer(server)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await until(() => ask(port, 'select 1').then(() => true), { what: 'PostgreSQL to answer' })
  } catch (error) {
    await stop()
    throw new Error(`PostgreSQL did not start: ${said}`, { cause: error })
  }
  let made = 0
  return {
    port,
    binFolder,
    createDatabase: async () => {
      const name = `test_${++made}`
      await ask(port, `create database ${name}`)
      return `postgres://postgres@127.0.0.1:${port}/${name}`
    },
    cutConnections: () =>
      ask(
        port,
        `select pg_terminate_backend(pid) from pg_stat_activity
         where pid <> pg_backend_pid() and application_name = 'ansang'`,
      ),
    stop,
  }
}
