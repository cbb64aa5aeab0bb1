import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type RequestOptions, request } from 'node:http'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { AgentId } from '../../src/contract/wire/common.ts'
import type { Log } from '../../src/core/log.ts'
import { messageOf } from '../../src/core/problem.ts'
import { type AgentSettings, ConfigError, type Enrolment } from './config.ts'
import { dialTls, isLoopback } from './dial.ts'
import { writeSecret } from './secret-file.ts'

/** What the QR code says: where the hub is, how to know it, and the one-time code. */
export type Invitation = {
  host: string
  port: number
  /** Absent: plain HTTP, which only a hub on this very machine may ask for. */
  pin: string | undefined
  claim: string
}

const answerTimeoutMs = 20_000
const longestAnswerBytes = 64 * 1024

/**
 * Reads `ansang://HOST:PORT/?pin=…&claim=…`. Only a hub on this machine may leave the pin out.
 *
 * @throws ConfigError that says what is missing
 */
export function parseInvitation(uri: string): Invitation {
  const url = URL.canParse(uri) ? new URL(uri) : undefined
  if (url?.protocol !== 'ansang:') throw new ConfigError('an enrolment address begins ansang://')
  const pin = url.searchParams.get('pin') ?? undefined
  const claim = url.searchParams.get('claim') ?? ''
  if (!url.hostname) throw new ConfigError('the enrolment address names no hub')
  const isPinned = pin === undefined ? isLoopback(url.hostname) : /^[\w-]{43}$/.test(pin)
  if (!isPinned) throw new ConfigError('the enrolment address has no valid pin')
  if (!claim) throw new ConfigError('the enrolment address has no claim code')
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || 443),
    pin,
    claim,
  }
}

const Enrolled = z.object({
  agentId: AgentId,
  secret: z.string().min(16),
  mqtt: z.object({ url: z.url({ protocol: /^(mqtts?|wss?)$/ }) }),
})

/** The hub's own words for a refusal (RFC 9457), as far as it gives any. */
function refusalText(status: number, text: string): string {
  try {
    const { title, detail } = JSON.parse(text) as { title?: string; detail?: string }
    return detail ?? title ?? `HTTP ${status}`
  } catch {
    return `HTTP ${status}`
  }
}

async function carrierOf({ host, port, pin }: Invitation): Promise<RequestOptions> {
  if (!pin) return { host, port, agent: false }
  // The key is checked before the claim code leaves this machine. No `agent` beside it: with one,
  // Node would open a connection of its own.
  const socket = await dialTls(host, port, { pin })
  return { host, port, createConnection: () => socket }
}

async function post(
  invitation: Invitation,
  body: object,
): Promise<{ status: number; text: string }> {
  const carrier = await carrierOf(invitation)
  const payload = Buffer.from(JSON.stringify(body))
  const headers = { 'content-type': 'application/json', 'content-length': payload.length }
  const path = '/api/v1/enrolments'
  return new Promise((resolve, reject) => {
    const asked = request({ ...carrier, path, method: 'POST', headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > longestAnswerBytes) asked.destroy(new Error('the answer is too long'))
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    })
    asked.setTimeout(answerTimeoutMs, () => asked.destroy(new Error('no answer from the hub')))
    asked.on('error', reject)
    asked.end(payload)
  })
}

const pathOf = (dataDir: string): string => join(dataDir, 'enrolment.json')

/** What the hub said when this agent was enrolled; `undefined` before. */
export function readEnrolment(dataDir: string): Enrolment | undefined {
  const path = pathOf(dataDir)
  if (!existsSync(path)) return undefined
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Enrolment
  } catch (error) {
    throw new ConfigError(`${path} cannot be used: ${messageOf(error)}`)
  }
}

/**
 * Trades a one-time claim code for the agent's name and secret over a connection to the pinned key.
 * Stores the secret (mode 0600) and what else the hub said.
 *
 * @throws ConfigError when the address is not one, or the hub's name for the agent is another
 * @throws Error when the hub cannot be reached, is another one, or refuses
 */
export async function enrol(
  uri: string,
  settings: AgentSettings,
  about: { version: string; model?: string; log: Log },
): Promise<Enrolment> {
  const invitation = parseInvitation(uri)
  const { claim, host, pin } = invitation
  const { version, model, log } = about
  const { status, text } = await post(invitation, {
    claim,
    version,
    ...(model ? { model } : {}),
    ...(settings.agentId ? { agentId: settings.agentId } : {}),
  })
  if (status !== 201 && status !== 200) {
    throw new Error(`${host} refused the enrolment: ${refusalText(status, text)}`)
  }
  const { agentId, secret, mqtt } = Enrolled.parse(JSON.parse(text))
  const { dataDir, hub } = settings
  // First of all the secret: the claim is used up, and nobody can ask for it again.
  writeSecret(hub.secretFile ?? join(dataDir, 'agent-secret'), secret)
  const enrolment: Enrolment = { agentId, url: mqtt.url, ...(pin ? { pin } : {}) }
  const path = pathOf(dataDir)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, `${JSON.stringify(enrolment, undefined, 2)}\n`, { flush: true })
  renameSync(`${path}.new`, path)
  log.info({ agentId, url: mqtt.url }, 'enrolled')
  if (settings.agentId && settings.agentId !== agentId) {
    throw new ConfigError(`the hub knows this agent as ${agentId}: write that into the settings`)
  }
  return enrolment
}
