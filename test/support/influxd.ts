import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './until.ts'

export type Influxd = {
  port: number
  /** `influx://127.0.0.1:PORT/DATABASE` */
  url: (database: string) => string
  /** Runs InfluxQL and gives the parsed answer; throws on an error inside it. */
  ask: (text: string, database?: string) => Promise<unknown>
  start: () => Promise<void>
  /** SIGTERM by default; the data stays. */
  stop: (signal?: NodeJS.Signals) => Promise<void>
  /** Stops and removes everything. */
  remove: () => Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

const configText = (o: {
  folder: string
  port: number
  rpc: number
  auth: boolean
  body: number
}) => `
reporting-disabled = true
bind-address = "127.0.0.1:${o.rpc}"
[meta]
  dir = "${o.folder}/meta"
  logging-enabled = false
[data]
  dir = "${o.folder}/data"
  wal-dir = "${o.folder}/wal"
  index-version = "tsi1"
  query-log-enabled = false
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[continuous_queries]
  enabled = false
[http]
  enabled = true
  bind-address = "127.0.0.1:${o.port}"
  auth-enabled = ${o.auth}
  log-enabled = false
  max-body-size = ${o.body}
[logging]
  level = "error"
`

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

/** A real influxd of its own: temporary folder, free ports on 127.0.0.1, no reporting. */
export async function startInfluxd(
  program: string,
  options: { auth?: boolean; maxBodyBytes?: number } = {},
): Promise<Influxd> {
  const folder = mkdtempSync(join(tmpdir(), 'ansang-influxd-'))
  const port = await freePort()
  const rpc = await freePort()
  const { auth = false, maxBodyBytes: body = 25_000_000 } = options
  const config = join(folder, 'influxdb.conf')
  writeFileSync(config, configText({ folder, port, rpc, auth, body }))
  let child: ChildProcess | undefined
  // The last resort of a test run that is cut off.
  const onExit = () => child?.kill('SIGKILL')
  process.once('exit', onExit)

  const start = async () => {
    const started = spawn(program, ['-config', config], { stdio: ['ignore', 'ignore', 'pipe'] })
    child = started
    let said = ''
    started.stderr.on('data', (text) => {
      said = (said + text).slice(-2000)
    })
    await until(
      async () => {
        if (started.exitCode !== null) throw new Error(`influxd ended: ${said}`)
        return (await fetch(`http://127.0.0.1:${port}/ping`)).status === 204
      },
      { what: 'influxd to answer', timeoutMs: 30_000, everyMs: 50 },
    )
  }
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child) await endProcess(child, signal)
    child = undefined
  }
  await start()
  return {
    port,
    url: (database) => `influx://127.0.0.1:${port}/${database}`,
    ask: async (text, database = '') => {
      const body = new URLSearchParams({ q: text, db: database, epoch: 'ms' })
      const answer = await fetch(`http://127.0.0.1:${port}/query`, { method: 'POST', body })
      const parsed = (await answer.json()) as { error?: string; results?: { error?: string }[] }
      const error = parsed.error ?? parsed.results?.find((one) => one.error)?.error
      if (error) throw new Error(error)
      return parsed
    },
    start,
    stop,
    remove: async () => {
      process.off('exit', onExit)
      await stop('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
