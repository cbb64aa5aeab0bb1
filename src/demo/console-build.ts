import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = join(root, 'src/console/dist/index.html')
const sources = ['src/console', 'src/contract/api']

/** When the newest file below a folder was changed, epoch ms; 0 for none. */
function newest(folder: string): number {
  if (!existsSync(folder)) return 0
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes(join('console', 'dist')))
  return files.reduce((latest, path) => Math.max(latest, statSync(path).mtimeMs), 0)
}

/** Is the built console missing or older than what it is built from? */
export const isConsoleOld = (): boolean =>
  !existsSync(page) ||
  statSync(page).mtimeMs < Math.max(...sources.map((folder) => newest(join(root, folder))))

const vite = (): string => {
  const manifest = createRequire(import.meta.url).resolve('vite/package.json')
  return join(dirname(manifest), 'bin/vite.js')
}

/**
 * Builds the console in a process of its own. Resolves with `undefined`, or with one sentence about
 * why there is none: the demo goes on with the API alone.
 */
export function buildConsole(signal: AbortSignal): Promise<string | undefined> {
  if (!existsSync(join(root, 'src/console/index.html')))
    return Promise.resolve('The console has no sources here; the API works.')
  return new Promise((resolve) => {
    const args = [vite(), 'build', '--config', 'src/console/vite.config.ts', '--logLevel', 'error']
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    const said: string[] = []
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => said.push(String(chunk)))
    const stop = () => child.kill()
    signal.addEventListener('abort', stop, { once: true })
    const finish = (reason: string | undefined) => {
      signal.removeEventListener('abort', stop)
      resolve(reason)
    }
    child.once('error', (error) => finish(`The console was not built: ${error.message}`))
    child.once('close', (code) => {
      const text = said.join('').trim().split('\n').slice(0, 6).join('\n')
      finish(code === 0 ? undefined : `The console was not built, the API works.\n${text}`)
    })
  })
}
