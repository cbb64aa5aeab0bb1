import type { Broker } from '../../broker/broker.ts'
import type { Config } from '../config.ts'
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/problem.ts'
import { pinOf } from '../core/self-signed.ts'
import type { Database } from '../db/database.ts'
import type { PartState } from '../http/health.ts'
import type { HubTables } from './database.ts'

type Ports = {
  http: number
  https: number | undefined
  mqtt: number | undefined
  mqtts: number | undefined
}

const hostOf = (config: Config): string =>
  config.publicUrl ? new URL(config.publicUrl).hostname : config.http.host

/** What an enrolled agent connects to: TLS where the hub has it. */
export const mqttUrl = (config: Config, ports: Ports): string =>
  ports.mqtts === undefined
    ? `mqtt://${config.publicUrl ? hostOf(config) : config.mqtt.host}:${ports.mqtt}`
    : `mqtts://${hostOf(config)}:${ports.mqtts}`

/**
 * The text of the QR: address, pin of the hub's key and code. Without HTTPS there is no pin, and
 * the agent takes that only from its own machine.
 */
export function enrolmentUri(
  config: Config,
  about: { code: string; cert: string | undefined; port: number | undefined; httpPort: number },
): string {
  const query = new URLSearchParams({ claim: about.code })
  if (about.cert && about.port !== undefined) {
    query.set('pin', pinOf(about.cert))
    return `ansang://${hostOf(config)}:${about.port}/?${query}`
  }
  return `ansang://${hostOf(config)}:${about.httpPort}/?${query}`
}

/** The hub's time for an agent that has just come. A failed send is no harm: it asks by coming again. */
export async function sendTime(
  broker: Broker | undefined,
  clock: Clock,
  agentId: string,
): Promise<void> {
  const at = new Date(clock.now()).toISOString()
  await broker?.send(agentId, 'time', { at, trust: 'trusted' }).catch(() => false)
}

const lagIsMuchBytes = 64 * 1024 * 1024

async function stateOf(
  name: string,
  ask: () => Promise<{ ok: boolean; reason?: string }>,
): Promise<PartState> {
  try {
    const { ok, reason } = await ask()
    return { name, state: ok ? 'ok' : 'degraded', reason: reason ?? null }
  } catch (error) {
    return { name, state: 'down', reason: messageOf(error) }
  }
}

/** Every part with its state. Down: the hub cannot do its work. Degraded: it works, with a loss. */
export async function partStates(about: {
  db: Database<HubTables>
  journal: { state: string; reason: string | null }
  series: { health: () => Promise<{ ok: boolean; reason?: string }> }
  lag: number
}): Promise<PartState[]> {
  const { journal, lag } = about
  return [
    await stateOf('database', async () => {
      await about.db.read((q) => q.selectFrom('areas').select('id').limit(1).execute())
      return { ok: true }
    }),
    { name: 'journal', state: journal.state === 'ok' ? 'ok' : 'down', reason: journal.reason },
    await stateOf('series', about.series.health),
    {
      name: 'readers',
      state: lag > lagIsMuchBytes ? 'degraded' : 'ok',
      reason: lag > lagIsMuchBytes ? `${Math.round(lag / 1024 / 1024)} MB behind` : null,
    },
  ]
}
