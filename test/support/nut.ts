import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * A real upsd with a real dummy-ups driver on a free port. Both are children in the foreground, so
 * that only what was started here is ever ended. Debian's wrapper refuses to run upsd unless the
 * service is enabled, which is why the programs of /lib/nut are started directly.
 */
export type RealNut = {
  port: number
  /** Rewrites the values that the driver prints. */
  setValues: (values: Record<string, string>) => void
  driver: {
    kill: () => Promise<void>
    start: () => Promise<void>
    pause: () => void
    resume: () => void
  }
  close: () => Promise<void>
}

/** NUT drops root for this user; the files must be readable for it. */
const user = 'nut'

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

const idOf = (flag: '-u' | '-g') => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }))

/** When we are root, the files belong to the user that NUT becomes. */
function giveAway(path: string, mode: number): void {
  chmodSync(path, mode)
  if (process.getuid?.() === 0) chownSync(path, idOf('-u'), idOf('-g'))
}

async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await gone
}

/** `upsd` is the path of the real program; the drivers stand beside it. */
export async function startRealNut(upsd: string, values: Record<string, string>): Promise<RealNut> {
  const folder = mkdtempSync(join(tmpdir(), 'ansang-nut-'))
  const etc = join(folder, 'etc')
  const run = join(folder, 'run')
  const port = await freePort()
  const programs = upsd.startsWith('/lib/nut') ? dirname(upsd) : '/lib/nut'
  giveAway(folder, 0o755)
  for (const path of [etc, run]) {
    mkdirSync(path)
    giveAway(path, 0o770)
  }
  const device = join(etc, 'ups1.dev')
  const write = (name: string, lines: string[]) => {
    const path = join(etc, name)
    writeFileSync(path, `${lines.join('\n')}\n`)
    giveAway(path, 0o640)
  }
  const setValues = (next: Record<string, string>) =>
    write(
      'ups1.dev',
      Object.entries(next).map(([key, value]) => `${key}: ${value}`),
    )
  setValues(values)
  write('ups.conf', [
    'maxretry = 1',
    '[ups1]',
    'driver = dummy-ups',
    `port = ${device}`,
    'mode = dummy-loop',
    'desc = "Rack A"',
  ])
  write('upsd.conf', [`LISTEN 127.0.0.1 ${port}`, `STATEPATH ${run}`, 'MAXAGE 5'])
  write('upsd.users', [''])

  const env = {
    ...process.env,
    NUT_CONFPATH: etc,
    NUT_STATEPATH: run,
    NUT_ALTPIDPATH: run,
    NUT_PIDPATH: run,
  }
  const start = (program: string, args: string[]) =>
    spawn(join(programs, program), args, { env, stdio: 'ignore' })
  let driver: ChildProcess | undefined
  const startDriver = async () => {
    driver = start('dummy-ups', ['-F', '-a', 'ups1', '-u', user])
  }
  await startDriver()
  const server = start('upsd', ['-F', '-u', user])
  return {
    port,
    setValues,
    driver: {
      start: startDriver,
      kill: () => ended(driver, 'SIGKILL'),
      pause: () => driver?.kill('SIGSTOP'),
      resume: () => driver?.kill('SIGCONT'),
    },
    close: async () => {
      driver?.kill('SIGCONT')
      await ended(driver, 'SIGKILL')
      await ended(server, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
