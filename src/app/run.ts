import { type Hub, startHub } from '../app.ts'
import { ConfigError, parseConfig, readEnvironment } from '../config.ts'
import { systemClock } from '../core/clock.ts'
import { createLog } from '../core/log.ts'
import { Problem } from '../core/problem.ts'
import { runCommand } from './commands.ts'
import { StartError } from './start-error.ts'

/** Errors an operator can mend are said in one sentence; only bugs come with a stack. */
function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StartError || error instanceof Problem)
    return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function greet(hub: Hub): void {
  const lines = [`An Sáng is ready: ${hub.url}`, `Agents connect to MQTT port ${hub.ports.mqtt}`]
  if (hub.firstPassword) {
    lines.push(
      `First sign-in: user name admin, password ${hub.firstPassword} (shown only now; you choose your own at once)`,
    )
  }
  if (!hub.hasConsole)
    lines.push('The console is not built; the API works. Build it with: npm run build')
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** The first signal asks; a second one ends the process as it would any other. */
const askedToStop = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })

async function main(): Promise<void> {
  const config = parseConfig(readEnvironment())
  const [command, ...rest] = process.argv.slice(2)
  if (command !== undefined) {
    process.stdout.write(`${await runCommand(config, command, rest)}\n`)
    return
  }
  const log = createLog({ level: config.logLevel })
  for (const warning of config.warnings) log.warn({ warning }, 'settings')
  // From the first moment on: who is told to stop while it starts stops in order as well.
  const asked = askedToStop()
  const hub = await startHub({ config, clock: systemClock, log })
  greet(hub)
  await asked
  log.info('stopping')
  await hub.stop()
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exitCode = 1
}
