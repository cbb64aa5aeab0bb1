import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Agent, createAgent } from '../../agents/runtime/agent.ts'
import type { Collected, Collector } from '../../agents/runtime/collector.ts'
import { type AgentConfig, completeConfig, parseSettings } from '../../agents/runtime/config.ts'
import type { AgentOptions } from '../../agents/runtime/options.ts'
import { writeSecret } from '../../agents/runtime/secret-file.ts'
import type { BodyOf, UpChannel } from '../../src/contract/wire/channels.ts'
import { decode } from '../../src/contract/wire/codec.ts'
import type { Clock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import type { Verdict } from '../../src/faults/judge.ts'
import type { Accepted } from './broker.ts'

export const agentId = 'xa-tan-phu-01'

export const temporaryFolder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'ansang-agent-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Settings of an agent whose hub listens on `port` and whose secret is stored. */
export function agentConfig(dataDir: string, port: number, change: object = {}): AgentConfig {
  const config = completeConfig(
    parseSettings({
      agentId,
      hub: { url: `mqtt://127.0.0.1:${port}` },
      dataDir,
      units: [],
      ...change,
    }),
  )
  writeSecret(config.hub.secretFile, 'a-secret-of-this-agent')
  return config
}

export type FakeUnit = Collector & {
  polls: () => number
  verdicts: Verdict[]
}

/** A recorder that counts its polls in `uptime_s`, so that each sample can be told from the others. */
export function fakeUnit(
  clock: Pick<Clock, 'now'>,
  also: Partial<Collector> & { unit?: string } = {},
): FakeUnit {
  let polls = 0
  const unit = also.unit ?? 'nvr1'
  const fake: FakeUnit = {
    unit,
    kind: 'recorder',
    everyMs: 60_000,
    capabilities: ['hikvision'],
    polls: () => polls,
    verdicts: [],
    collect: async (): Promise<Collected> => {
      polls += 1
      return {
        at: clock.now(),
        sample: { unit, kind: 'recorder', parts: { '': { reachable: 1, uptime_s: polls } } },
        verdicts: fake.verdicts,
        inventory: { unit, kind: 'recorder', model: 'DS-7616', parts: [] },
      }
    },
    ...also,
  }
  return fake
}

/** No NTP and no RTC: the agent knows the time from the hub or not at all. */
export const knowsNothing = async () => ({ ntpSynced: false, rtc: false })
export const keptByNtp = async () => ({ ntpSynced: true, rtc: true })

/** Starts an agent that is stopped at the end of the test. */
export async function startAgent(
  options: Pick<AgentOptions, 'config' | 'clock' | 'collectors'> & Partial<AgentOptions>,
): Promise<Agent> {
  const agent = createAgent({ log: silentLog, timeSource: keptByNtp, ...options })
  onTestFinished(() => agent.stop())
  await agent.start()
  return agent
}

export type Heard<C extends UpChannel = UpChannel> = { channel: C; body: BodyOf<C> }

/** What the broker accepted, decoded. Fails on what does not decode. */
export const heard = (accepted: readonly Accepted[]): Heard[] =>
  accepted.map(({ channel, payload }) => {
    const decoded = decode(channel, payload)
    if (!decoded.ok) throw new Error(`${channel} does not decode: ${decoded.reason}`)
    return { channel, body: decoded.body }
  })

export const heardOn = <C extends UpChannel>(
  accepted: readonly Accepted[],
  channel: C,
): BodyOf<C>[] =>
  heard(accepted.filter((one) => one.channel === channel)).map((one) => one.body as BodyOf<C>)

/** The poll a telemetry record came from. */
export const pollOf = (body: BodyOf<'telemetry'>): number =>
  body.samples[0]?.parts['']?.['uptime_s'] ?? Number.NaN
