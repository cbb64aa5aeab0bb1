import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import {
  agentConfig,
  agentId,
  fakeUnit,
  heard,
  heardOn,
  pollOf,
  startAgent,
  temporaryFolder,
} from '../support/agent.ts'
import { type Accepted, type BrokerUnderTest, startBroker } from '../support/broker.ts'
import { until } from '../support/until.ts'

const program = join(import.meta.dirname, '../support/agent-process.ts')

async function hub(accept?: (record: Accepted) => void): Promise<BrokerUnderTest> {
  const started = await startBroker(
    accept ? { ports: { accept: (record, done) => accept({ ...record, done }) } } : {},
  )
  onTestFinished(() => started.broker.close())
  return started
}

const spawnAgent = (config: object): ChildProcess => {
  const child = spawn(process.execPath, [program, JSON.stringify(config)], { stdio: 'inherit' })
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })
  return child
}

const kill = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL') => {
  child.kill(signal)
  await once(child, 'exit')
}

type Sent = { id: string; text: string; at: string }
/** By id: what the record says, without what may differ from one sending to the next. */
const said = (accepted: readonly Accepted[]): Sent[] =>
  heard(accepted).flatMap(({ channel, body }) => {
    if (!('id' in body)) return []
    const { id, lane: _, at, ...rest } = body
    return [{ id: String(id), at, text: `${channel} ${JSON.stringify(rest)}` }]
  })

describe('an agent that is killed', () => {
  test('between publish and acknowledgement, loses nothing and gives no id twice', async () => {
    let holding = true
    const acknowledged = new Set<string>()
    const idOf = (record: Accepted) => said([record])[0]?.id ?? ''
    const { accepted, port } = await hub((record) => {
      // The birth must be acknowledged, or nothing else would come.
      if (holding && record.channel !== 'birth' && accepted.length % 3 !== 0) return
      acknowledged.add(idOf(record))
      record.done()
    })
    const config = agentConfig(temporaryFolder(), port)
    for (let round = 0; round < 4; round++) {
      const before = accepted.length
      const child = spawnAgent(config)
      await until(() => accepted.length >= before + 25)
      await kill(child)
    }
    holding = false
    const unsettled = [...new Set(said(accepted).map(({ id }) => id))].filter(
      (id) => !acknowledged.has(id),
    )
    expect(unsettled.length).toBeGreaterThan(20)
    const last = spawnAgent(config)
    const births = new Set(
      said(accepted.filter(({ channel }) => channel === 'birth')).map(({ id }) => id),
    )
    const conditions = new Set(
      said(accepted.filter(({ channel }) => channel === 'conditions')).map(({ id }) => id),
    )
    // A newer birth replaces an older one; all else comes.
    await until(
      () => unsettled.every((id) => acknowledged.has(id) || births.has(id) || conditions.has(id)),
      { timeoutMs: 30_000 },
    )
    await kill(last)

    const texts = new Map<string, Set<string>>()
    for (const { id, text } of said(accepted)) {
      texts.set(id, (texts.get(id) ?? new Set()).add(text))
    }
    const ambiguous = [...texts].filter(([, of]) => of.size > 1)
    expect(ambiguous).toEqual([])
    expect(new Set([...texts.keys()].map((id) => id.split(',')[0])).size).toBe(1)
  })

  test('numbers go on over the kill without a hole, but for what nobody has seen', async () => {
    const { accepted, port } = await hub()
    const config = agentConfig(temporaryFolder(), port)
    const first = spawnAgent(config)
    await until(() => heardOn(accepted, 'telemetry').length >= 10)
    await kill(first)
    const seen = Math.max(...heard(accepted).map(({ body }) => ('id' in body ? body.id[1] : 0)))
    accepted.length = 0
    const second = spawnAgent(config)
    await until(() => heardOn(accepted, 'birth').length === 1)
    expect(heardOn(accepted, 'birth')[0]?.id[1]).toBeGreaterThan(seen)
    await kill(second)
  })

  test('but told to stop, sends what it has and leaves without a will', async () => {
    const { accepted, presence, port } = await hub()
    const config = agentConfig(temporaryFolder(), port)
    const child = spawnAgent(config)
    await until(() => heardOn(accepted, 'telemetry').length >= 5)
    await kill(child, 'SIGTERM')
    await until(() => presence.includes(`${agentId}#1-`))
    expect(accepted.map(({ channel }) => channel)).not.toContain('gone')
    // What was older waits on the disk for the next start; what was live went out to the last poll.
    const live = heardOn(accepted, 'telemetry').filter(({ lane }) => lane === 'live')
    const polls = live.map(pollOf)
    expect(polls).toEqual(polls.map((_, index) => (polls[0] ?? 0) + index))
  })

  test('with SIGKILL the hub hears its will, with the boot', async () => {
    const { accepted, port } = await hub()
    const child = spawnAgent(agentConfig(temporaryFolder(), port))
    await until(() => heardOn(accepted, 'birth').length === 1)
    await kill(child)
    await until(() => heardOn(accepted, 'gone').length === 1)
    expect(heardOn(accepted, 'gone')[0]?.boot).toBe(heardOn(accepted, 'birth')[0]?.boot)
  })

  test('a corrupt outbox is another outbox: a new epoch, and the agent goes on', async () => {
    const { accepted, port } = await hub()
    const config = agentConfig(temporaryFolder(), port)
    const before = await startAgent({
      config,
      clock: systemClock,
      collectors: [fakeUnit(systemClock)],
    })
    await until(() => accepted.length >= 3)
    const epoch = before.status()?.epoch
    await before.stop()
    writeFileSync(join(config.dataDir, 'outbox.sqlite'), 'x'.repeat(20_000))
    accepted.length = 0
    await startAgent({ config, clock: systemClock, collectors: [fakeUnit(systemClock)] })
    await until(() => accepted.length >= 3)
    const epochs = new Set(heard(accepted).map(({ body }) => 'id' in body && body.id[0]))
    expect(epoch).toMatch(/^[0-9a-f]{12}$/)
    expect(epochs.size).toBe(1)
    expect(epochs).not.toContain(epoch)
    expect(heardOn(accepted, 'birth')[0]?.inventory).toMatchObject([{ unit: 'nvr1' }])
  })
})
