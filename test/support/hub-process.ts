import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './imports.ts'

export type HubProcess = {
  child: ChildProcess
  out: () => string
  err: () => string
  /** Address of the ready hub; rejects when it ends before. */
  ready: Promise<string>
  ended: Promise<number | null>
  stop: () => Promise<number | null>
}

/** `node src/main.ts` as an operator starts it, with these settings and nothing of our environment. */
export function startHubProcess(
  settings: Record<string, string>,
  options: { args?: string[]; cwd?: string; uid?: number; gid?: number } = {},
): HubProcess {
  const { args = [], cwd = root, ...account } = options
  const child = spawn(process.execPath, [join(root, 'src/main.ts'), ...args], {
    cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      ANSANG_HTTP_PORT: '0',
      ANSANG_MQTT_PORT: '0',
      ANSANG_LOG_LEVEL: 'error',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...account,
  })
  const said = { out: '', err: '' }
  child.stdout?.on('data', (chunk: Buffer) => {
    said.out += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    said.err += chunk.toString()
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const url = /is ready: (\S+)/.exec(said.out)?.[1]
      if (url) resolve(url)
    })
    void ended.then((code) => reject(new Error(`the hub ended with ${code}: ${said.err}`)))
  })
  ready.catch(() => {})
  return {
    child,
    out: () => said.out,
    err: () => said.err,
    ready,
    ended,
    stop: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}
