import fc from 'fast-check'
import { generate, type Packet } from 'mqtt-packet'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { topicOf } from '../../src/contract/wire/topics.ts'
import { type BrokerUnderTest, startBroker } from '../support/broker.ts'
import { connectPacket, dial, publishPacket, type RawMqtt } from '../support/raw-mqtt.ts'
import { until } from '../support/until.ts'

let hub: BrokerUnderTest
let good: RawMqtt
let served = 0
const escaped: unknown[] = []
const onEscaped = (error: unknown) => escaped.push(error)

beforeAll(async () => {
  process.on('uncaughtException', onEscaped)
  process.on('unhandledRejection', onEscaped)
  hub = await startBroker({
    limits: { connectTimeoutMs: 2000 },
    ports: {
      accept: ({ payload }, done) => {
        if (payload.includes('throw')) throw new Error('accept threw')
        setImmediate(done, payload.includes('fail') ? new Error('accept failed') : undefined)
      },
    },
  })
})
afterAll(async () => {
  await hub.broker.close()
  process.off('uncaughtException', onEscaped)
  process.off('unhandledRejection', onEscaped)
})
beforeEach(async () => {
  good = dial(hub.port)
  served = 0
  expect(await good.connect({ clientId: 'good-agent' })).toBe(0)
})
afterEach(() => good.end())

/** The broker lives, a good client is served, and nothing got out. */
const holds = async () => {
  served += 1
  good.send(publishPacket(topicOf('good-agent', 'birth'), { id: (served % 65_535) + 1 }))
  await until(() => good.acks().length === served, {
    what: 'the good client to be served',
    everyMs: 1,
  })
  expect(escaped).toEqual([])
  expect(hub.broker.isConnected('good-agent')).toBe(true)
  hub.accepted.length = 0
  hub.lines.length = 0
}

const chunks = fc.array(fc.nat(3000), { maxLength: 6 })

/** Sends the bytes in pieces, then goes away in one of three ways. */
async function storm(bytes: Uint8Array, places: number[], leave: 'end' | 'destroy' | 'stay') {
  const agent = dial(hub.port)
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  let from = 0
  for (const to of [...cuts, bytes.length]) {
    agent.write(bytes.subarray(from, to))
    from = to
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (leave === 'end') agent.conn.end()
  await holds()
  agent.end()
}

const leave = fc.constantFrom('end', 'destroy', 'stay')
const id = fc.constantFrom('agent-1', 'agent-2', 'good', '__proto__', '#', '')
const qos = fc.constantFrom(0, 1, 2)
const messageId = fc.constantFrom(1, 2, 3, 65_535)
const topic = fc.oneof(
  fc
    .constantFrom('birth', 'telemetry', 'gone', 'desired')
    .map((name) => topicOf('agent-1', name as never)),
  fc.constantFrom(
    '#',
    '+/x',
    '$SYS/x/new/clients',
    'ansang/2/agent-1/birth',
    'a/'.repeat(120),
    '\u0000',
  ),
  fc.string({ minLength: 1, maxLength: 30 }),
)
const payload = fc.oneof(fc.constantFrom('{}', 'throw', 'fail', ''), fc.string({ maxLength: 300 }))
const will = fc.option(
  fc.record({
    topic,
    payload: payload.map((text) => Buffer.from(text)),
    qos,
    retain: fc.boolean(),
  }),
  { nil: undefined },
)

const connect = fc
  .record({ clientId: id, clean: fc.boolean(), keepalive: fc.constantFrom(0, 1, 60, 65_535), will })
  .map(({ will: last, ...facts }) =>
    connectPacket({ ...facts, ...(last ? { will: last as never } : {}) }),
  )
const goodConnect = fc.constant(connectPacket({ clientId: 'agent-1' }))
const ack = fc.constantFrom('puback', 'pubrec', 'pubrel', 'pubcomp', 'unsuback' as const)

const anyPacket: fc.Arbitrary<Packet> = fc.oneof(
  fc
    .record({ topic, payload, qos, messageId, retain: fc.boolean() })
    .map((packet) =>
      publishPacket(packet.topic, { ...packet, id: packet.messageId, qos: packet.qos as 0 }),
    ),
  fc
    .record({ topics: fc.array(topic, { minLength: 1, maxLength: 4 }), qos, messageId })
    .map((one) => ({
      cmd: 'subscribe' as const,
      messageId: one.messageId,
      subscriptions: one.topics.map((name) => ({ topic: name, qos: one.qos as 0 })),
    })),
  fc
    .record({ unsubscriptions: fc.array(topic, { minLength: 1, maxLength: 4 }), messageId })
    .map((one) => ({ cmd: 'unsubscribe' as const, ...one })),
  fc.record({ cmd: ack, messageId }).map((one) => one as Packet),
  fc.constantFrom<Packet>({ cmd: 'pingreq' }, { cmd: 'pingresp' }, { cmd: 'disconnect' }),
  connect,
)

/** The bytes of a packet; none for one that the writer itself refuses. */
const bytesOf = (packet: Packet): Buffer => {
  try {
    return generate(packet)
  } catch {
    return Buffer.alloc(0)
  }
}
const session = fc
  .tuple(
    fc.oneof({ weight: 3, arbitrary: goodConnect }, connect),
    fc.array(anyPacket, { maxLength: 12 }),
  )
  .map(([first, rest]) => Buffer.concat([first, ...rest].map(bytesOf)))

const runs = { numRuns: 150, endOnFailure: true }

describe('the door stays open, whatever comes', () => {
  test('random bytes', async () => {
    const bytes = fc.uint8Array({ maxLength: 2000 })
    await fc.assert(fc.asyncProperty(bytes, chunks, leave, storm), runs)
  })

  test('random bytes behind a good CONNECT', async () => {
    const bytes = fc
      .tuple(goodConnect, fc.uint8Array({ maxLength: 2000 }))
      .map(([first, noise]) => Buffer.concat([bytesOf(first), noise]))
    await fc.assert(fc.asyncProperty(bytes, chunks, leave, storm), runs)
  })

  test('every kind of packet in any order', async () => {
    await fc.assert(fc.asyncProperty(session, chunks, leave, storm), { ...runs, numRuns: 400 })
  })

  test('packets with bytes changed', async () => {
    const changes = fc.array(fc.tuple(fc.nat(1000), fc.nat(255)), { minLength: 1, maxLength: 5 })
    const broken = fc.tuple(session, changes).map(([bytes, all]) => {
      const copy = Buffer.from(bytes)
      for (const [at, value] of all) copy[at % copy.length] = value
      return copy
    })
    await fc.assert(fc.asyncProperty(broken, chunks, leave, storm), { ...runs, numRuns: 400 })
  })

  test('packets cut short', async () => {
    const short = fc
      .tuple(session, fc.nat(2000))
      .map(([bytes, at]) => bytes.subarray(0, at % (bytes.length + 1)))
    await fc.assert(fc.asyncProperty(short, chunks, leave, storm), runs)
  })

  test('many connections of few agents that come, speak and go', async () => {
    const crowd = fc.array(fc.tuple(session, chunks, leave), { minLength: 2, maxLength: 8 })
    const property = fc.asyncProperty(crowd, async (all) => {
      const before = served
      await Promise.all(all.map(([bytes, places, how]) => stormQuietly(bytes, places, how)))
      served = before
      await until(() => hub.broker.connectedCount() === 1, { what: 'everyone else to have left' })
    })
    await fc.assert(property, { ...runs, numRuns: 60 })
  })
})

/** A storm that leaves it to the caller to look whether the door holds. */
async function stormQuietly(bytes: Uint8Array, places: number[], how: 'end' | 'destroy' | 'stay') {
  const agent = dial(hub.port)
  for (const place of places) agent.write(bytes.subarray(0, place % (bytes.length + 1)))
  agent.write(bytes)
  await new Promise((resolve) => setImmediate(resolve))
  if (how === 'end') agent.conn.end()
  if (how === 'stay')
    await until(() => agent.isClosed() || agent.packets.length > 0 || bytes.length === 0)
  agent.end()
}

test('what came and went is all accounted for', async () => {
  await holds()
  const open = new Set<string>()
  for (const line of hub.presence) {
    const name = line.slice(0, -1)
    if (line.endsWith('+')) expect(open.has(name)).toBe(false)
    else expect(open.delete(name)).toBe(true)
    if (line.endsWith('+')) open.add(name)
  }
  expect(open.size).toBe(1)
  expect(hub.counts['connection-accepted']).toBe(
    hub.presence.filter((line) => line.endsWith('+')).length,
  )
})
