import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { until } from './until.ts'

export type HubChild = {
  port: number
  url: string
  kill: () => Promise<void>
  output: () => string
}

/** The whole hub as people run it, in a process of its own, to be killed. */
export async function startHubChild(
  dataDir: string,
  settings: Record<string, string>,
): Promise<HubChild> {
  const child: ChildProcess = spawn(process.execPath, ['src/main.ts'], {
    env: {
      PATH: process.env['PATH'],
      ANSANG_DATA_DIR: dataDir,
      ANSANG_HTTP_PORT: '0',
      ANSANG_MQTT_PORT: '0',
      ANSANG_LOG_LEVEL: 'error',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-8000)
    })
  const found = await until(
    () => {
      if (child.exitCode !== null) throw new Error(`the hub ended: ${said}`)
      const url = /ready: (\S+)/.exec(said)?.[1]
      const port = Number(/MQTT port (\d+)/.exec(said)?.[1])
      return url && port ? { url, port } : undefined
    },
    { what: 'the hub to be ready', timeoutMs: 60_000, everyMs: 20 },
  )
  return {
    ...found,
    output: () => said,
    kill: async () => {
      process.off('exit', onExit)
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
