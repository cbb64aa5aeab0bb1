import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import packageJson from '../package.json' with { type: 'json' }
import { systemClock } from '../src/core/clock.ts'
import { createLog, type Log } from '../src/core/log.ts'
import { messageOf } from '../src/core/problem.ts'
import { createCollectors } from './drivers.ts'
import { createAgent } from './runtime/agent.ts'
import {
  type AgentConfig,
  type AgentSettings,
  ConfigError,
  completeConfig,
  loadSettings,
} from './runtime/config.ts'
import { enrol, readEnrolment } from './runtime/enrol.ts'

const usage = `usage: npm run agent -- --config FILE [--enrol 'ansang://HOST:PORT/?pin=…&claim=…']`
const { version } = packageJson

function readArguments(): { config: string; enrolWith?: string } {
  const { values } = parseArgs({
    options: { config: { type: 'string' }, enrol: { type: 'string' } },
  })
  if (!values.config) throw new ConfigError(usage)
  return { config: values.config, ...(values.enrol ? { enrolWith: values.enrol } : {}) }
}

/** Settings that name an enrolment address use it once, when there is no enrolment yet. */
async function configOf(settings: AgentSettings, log: Log): Promise<AgentConfig> {
  const before = readEnrolment(settings.dataDir)
  const { enrol: uri, secretFile } = settings.hub
  const hasSecret = before !== undefined || (secretFile !== undefined && existsSync(secretFile))
  if (!uri || hasSecret) return completeConfig(settings, before)
  return completeConfig(settings, await enrol(uri, settings, { version, log }))
}

async function main(): Promise<void> {
  const { config: path, enrolWith } = readArguments()
  const settings = loadSettings(path)
  const log = createLog({ level: settings.logLevel })
  if (enrolWith) {
    const { agentId } = await enrol(enrolWith, settings, { version, log })
    console.log(`Enrolled as ${agentId}. Start the agent without --enrol now.`)
    return
  }
  const config = await configOf(settings, log)
  const agent = createAgent({
    config,
    clock: systemClock,
    log,
    version,
    collectors: (depsFor) => createCollectors(config.units, depsFor),
  })
  await agent.start()
  log.info({ agentId: config.agentId, units: config.units.length, version }, 'agent runs')
  const stop = () => {
    // A second signal ends the process at once, as it would without us.
    process.removeAllListeners('SIGTERM').removeAllListeners('SIGINT')
    agent.stop().catch((error: unknown) => {
      log.error({ err: error }, 'agent did not stop cleanly')
      process.exitCode = 1
    })
  }
  process.once('SIGTERM', stop).once('SIGINT', stop)
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : `agent: ${messageOf(error)}`)
  process.exitCode = 2
})
