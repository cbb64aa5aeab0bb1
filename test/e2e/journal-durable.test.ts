import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { topicOf } from '../../src/contract/wire/topics.ts'
import { type Accepting, type Mutation, mutatedTree, startAccepting } from '../support/accepting.ts'
import { auditAcks, auditedCalls } from '../support/ack-audit.ts'
import { readAll, startJournal, tempFolder } from '../support/journal-records.ts'
import { dial, publishPacket } from '../support/raw-mqtt.ts'
import { requirePart } from '../support/real-parts.ts'
import { readTrace } from '../support/syscalls.ts'
import { until } from '../support/until.ts'

const strace = requirePart('strace')
const agents = ['agent-001', 'agent-002', 'agent-003']

/** Three agents publish in bursts; gives the marker of every packet id that was acknowledged. */
async function publishInBursts(port: number): Promise<Map<number, string>> {
  const markers = new Map<number, string>()
  const publishAs = async (agentId: string, firstId: number) => {
    const client = dial(port)
    await client.connect({ clientId: agentId })
    for (let burst = 0; burst < 10; burst += 1) {
      const ids = [1, 2, 3, 4, 5].map((i) => firstId + burst * 5 + i)
      for (const id of ids) markers.set(id, `<record ${id} of ${agentId}>`)
      const topic = topicOf(agentId, 'telemetry')
      client.send(
        ...ids.map((id) =>
          publishPacket(topic, { id, payload: `${markers.get(id)}${'.'.repeat(400)}` }),
        ),
      )
      await until(() => client.acks().length === (burst + 1) * 5, { what: 'acknowledgements' })
      expect(client.acks().slice(-5)).toEqual(ids)
    }
    client.end()
  }
  await Promise.all(agents.map((agentId, at) => publishAs(agentId, (at + 1) * 1000)))
  return markers
}

/** Runs the accepting half of a hub under strace and audits each acknowledgement it sent. */
async function auditRun(tree?: string) {
  const folder = tempFolder()
  const trace = join(tempFolder(), 'trace')
  const flags = ['-f', '-xx', '-s', '1000000', '-e', `trace=${auditedCalls}`, '-o', trace]
  const accepting = await startAccepting({
    ...(tree ? { tree } : {}),
    folder,
    segmentBytes: 16_384,
    through: [strace ?? '', ...flags, '--'],
  })
  const markers = await publishInBursts(accepting.port)
  await accepting.stop()
  const names = readdirSync(folder).filter((name) => name.endsWith('.segment'))
  expect(names.length, 'segments seen').toBeGreaterThan(2)
  return auditAcks(readTrace(readFileSync(trace, 'utf8')), markers)
}

const neverSynced = 'no sync of its segment'
const neverWritten = 'it was not written before'

const mutants: [string, Mutation, string][] = [
  [
    'does not sync',
    { file: 'src/ingest/journal-writer.ts', replace: 'fs.sync(one.fd)', by: '' },
    neverSynced,
  ],
  [
    'acknowledges between write and sync',
    {
      file: 'src/ingest/journal-writer.ts',
      replace: 'fs.sync(one.fd)',
      by: 'setTimeout(() => { try { fs.sync(one.fd) } catch {} }, 20)',
    },
    neverSynced,
  ],
  [
    'syncs before it writes',
    {
      file: 'src/ingest/journal-writer.ts',
      replace: 'writeAll(fs, one.fd, { bytes, at: one.end - one.base })\n      fs.sync(one.fd)',
      by: 'fs.sync(one.fd)\n      writeAll(fs, one.fd, { bytes, at: one.end - one.base })',
    },
    neverSynced,
  ],
  [
    'acknowledges before it writes',
    {
      file: 'src/ingest/journal-flights.ts',
      replace: 'const error = await flight.result',
      by: 'settle(flight.batch); flight.batch.waiters.length = 0; const error = await flight.result',
    },
    neverWritten,
  ],
  [
    'does not sync the name of a new segment',
    { file: 'src/ingest/journal-writer.ts', replace: 'fs.syncFolder(folder)', by: '' },
    'the name of its segment',
  ],
  [
    'has a broker that does not wait for the journal',
    {
      file: 'broker/publishing.ts',
      replace:
        'ports.accept({ agentId, channel: allowed.channel, payload, session: number }, settle)',
      by: 'settle(); ports.accept({ agentId, channel: allowed.channel, payload, session: number }, () => {})',
    },
    neverWritten,
  ],
]

describe.runIf(strace)('an acknowledgement, seen by the kernel', () => {
  test('is sent after the sync of its record has ended', async () => {
    expect(await auditRun()).toEqual({ acks: 150, violations: [] })
  })

  test.each(mutants)('is seen to be wrong in a hub that %s', async (_, mutation, reason) => {
    const { acks, violations } = await auditRun(mutatedTree(mutation))
    expect(acks).toBe(150)
    expect(violations).toContainEqual(expect.stringContaining(reason))
  })
})

/** Publishes without end, at most 50 unacknowledged, and keeps what was acknowledged. */
function publishForEver(port: number, { agentId, round }: { agentId: string; round: number }) {
  const client = dial(port)
  const topic = topicOf(agentId, 'telemetry')
  let sent = 0
  const refill = () => {
    while (sent - client.acks().length < 50 && sent < 60_000) {
      sent += 1
      client.send(publishPacket(topic, { id: sent, payload: `${round}:${sent}` }))
    }
  }
  const started = client.connect({ clientId: agentId }).then(() => {
    refill()
    client.conn.on('data', refill)
  })
  return { acked: () => client.acks().map((id) => `${round}:${id}`), started, client }
}

describe('a hub that is killed under load', () => {
  test('has every acknowledged record in its journal, in order, 20 times over', async () => {
    const folder = tempFolder()
    const acked = new Map(agents.map((agentId) => [agentId, [] as string[]]))
    for (let round = 0; round < 20; round += 1) {
      const accepting: Accepting = await startAccepting({ folder })
      const loads = agents.map((agentId) => publishForEver(accepting.port, { agentId, round }))
      await Promise.all(loads.map((load) => load.started))
      const enough = 1 + Math.floor(Math.random() * 1500)
      await until(() => loads.some((load) => load.acked().length >= enough), { everyMs: 1 })
      accepting.child.kill('SIGKILL')
      await Promise.all(loads.map((load) => load.client.closed()))
      for (const [at, agentId] of agents.entries()) {
        acked.get(agentId)?.push(...(loads[at]?.acked() ?? []))
      }
    }
    const journal = await startJournal(folder)
    const { entries, missing } = await readAll(journal, 0)
    expect(missing).toEqual([])
    for (const agentId of agents) {
      const own = entries.filter((entry) => entry.agentId === agentId)
      const kept = own.map((entry) => entry.payload.toString())
      expect(new Set(kept).size).toBe(kept.length)
      const wanted = new Set(acked.get(agentId))
      expect(kept.filter((text) => wanted.has(text))).toEqual(acked.get(agentId))
      const order = kept.map((text) => text.split(':').map(Number))
      const sorted = order.toSorted(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d)
      expect(order).toEqual(sorted)
    }
    expect([...acked.values()].flat().length).toBeGreaterThan(1000)
  })
})
