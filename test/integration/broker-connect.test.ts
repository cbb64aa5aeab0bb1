import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import mqtt from 'mqtt'
import { generate } from 'mqtt-packet'
import { afterEach, describe, expect, test } from 'vitest'
import type { BrokerPorts } from '../../broker/broker.ts'
import { createDoor } from '../../broker/door.ts'
import { defaultLimits } from '../../broker/limits.ts'
import { createManualClock, seconds, systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { type BrokerUnderTest, numbers, startBroker, warnings } from '../support/broker.ts'
import { connectPacket, dial, publishPacket } from '../support/raw-mqtt.ts'
import { until } from '../support/until.ts'

let hub: BrokerUnderTest
afterEach(() => hub.broker.close())

const gone = { topic: 'ansang/1/agent-1/gone', payload: Buffer.from('{}'), qos: 1, retain: false }
const will = (change: object) => ({ will: { ...gone, ...change } as never })

describe('CONNECT is judged before anyone is asked', () => {
  const longId = 'a'.repeat(3000)
  const refused: [string, Parameters<typeof connectPacket>[0], number, string][] = [
    ['a wildcard as id', { clientId: '#' }, 2, 'the client id is no agent id'],
    ['levels in the id', { clientId: 'a/b' }, 2, 'the client id is no agent id'],
    ['an id of the prototype', { clientId: '__proto__' }, 2, 'the client id is no agent id'],
    ['an endless id', { clientId: longId }, 2, 'the client id is no agent id'],
    ['no id', { clientId: '' }, 2, 'the client id is no agent id'],
    ["another's user name", { clientId: 'agent-1', username: 'agent-2' }, 4, 'the user name'],
    ['a kept session', { clientId: 'agent-1', clean: false }, 5, 'sessions are not kept here'],
    ['a foreign will', { clientId: 'agent-1', ...will({ topic: '$SYS/x' }) }, 5, 'the will must'],
    [
      "another agent's will",
      { clientId: 'agent-1', ...will({ topic: 'ansang/1/agent-2/gone' }) },
      5,
      'the will must',
    ],
    ['a will of QoS 2', { clientId: 'agent-1', ...will({ qos: 2 }) }, 5, 'QoS 2'],
    ['no keepalive', { clientId: 'agent-1', keepalive: 0 }, 6, 'the keepalive is zero'],
    ['a long keepalive', { clientId: 'agent-1', keepalive: 601 }, 6, 'the keepalive is zero'],
  ]
  test.each(refused)('%s is refused', async (_name, packet, returnCode, reason) => {
    let asked = 0
    hub = await startBroker({
      ports: { identify: async ({ clientId }) => ({ agentId: clientId, asked: ++asked }) },
    })
    const agent = dial(hub.port)
    expect(await agent.connect(packet)).toBe(returnCode)
    await agent.closed()
    expect(asked).toBe(0)
    expect(hub.counts['connection-refused']).toBe(1)
    expect(warnings(hub)).toHaveLength(1)
    expect(warnings(hub)[0]).toMatchObject({ happening: 'connection-refused' })
    expect(String(warnings(hub)[0]?.['reason'])).toContain(reason)
  })

  test.each([
    ['without a user name', { clientId: 'agent-1' }],
    ['with its id as user name', { clientId: 'agent-1', username: 'agent-1' }],
    ['with its own will', { clientId: 'agent-1', ...will({}) }],
    ['with the longest id', { clientId: `a${'b'.repeat(47)}` }],
    [
      'in MQTT 3.1',
      { clientId: 'agent-with-a-long-name-1', protocolId: 'MQIsdp', protocolVersion: 3 } as const,
    ],
  ])('an agent comes in %s', async (_name, packet) => {
    hub = await startBroker()
    const agent = dial(hub.port)
    expect(await agent.connect(packet)).toBe(0)
    expect(hub.broker.isConnected(packet.clientId)).toBe(true)
    agent.end()
  })
})

test('an MQTT 5 client is told so and the log says it', async () => {
  hub = await startBroker()
  const client = mqtt.connect({
    host: '127.0.0.1',
    port: hub.port,
    protocolVersion: 5,
    clientId: 'agent-1',
    reconnectPeriod: 0,
  })
  const error = await new Promise<Error>((resolve) => client.on('error', resolve))
  expect(error.message).toContain('protocol version')
  await until(() => warnings(hub).length > 0)
  expect(warnings(hub)).toMatchObject([
    { reason: 'this MQTT version is not spoken here, use 3.1.1' },
  ])
  await client.endAsync(true)
})

describe('identify', () => {
  const asked: Parameters<BrokerPorts['identify']>[0][] = []
  const connectWith = async (
    identify: BrokerPorts['identify'],
    clock?: ReturnType<typeof createManualClock>,
  ) => {
    hub = await startBroker({ ports: { identify }, ...(clock ? { clock } : {}) })
    const agent = dial(hub.port)
    return {
      agent,
      answer: agent.connect({
        clientId: 'agent-1',
        username: 'agent-1',
        password: Buffer.from('s3cret'),
      }),
    }
  }

  test('gets the id and the secret once, and lets in', async () => {
    const { agent, answer } = await connectWith(async (who) => {
      asked.push(who)
      return { agentId: who.clientId }
    })
    expect(await answer).toBe(0)
    expect(asked).toEqual([
      { clientId: 'agent-1', username: 'agent-1', password: 's3cret', remoteAddress: '127.0.0.1' },
    ])
    expect(hub.presence).toEqual(['agent-1#1+'])
    agent.end()
    await until(() => hub.presence.at(-1) === 'agent-1#1-')
    expect(JSON.stringify(hub.lines)).not.toContain('s3cret')
  })

  const refusals: [string, BrokerPorts['identify'], number, string][] = [
    ['refuses', async () => ({ refused: 'revoked' }), 4, 'revoked'],
    ['names another agent', async () => ({ agentId: 'agent-2' }), 4, 'credential is of another'],
    ['rejects', () => Promise.reject(new Error('db away')), 3, 'db away'],
    [
      'throws',
      () => {
        throw new Error('bug')
      },
      3,
      'bug',
    ],
  ]
  test.each(refusals)('that %s ends with a CONNACK', async (_name, identify, code, reason) => {
    const { agent, answer } = await connectWith(identify)
    expect(await answer).toBe(code)
    await agent.closed()
    expect(hub.presence).toEqual([])
    expect(String(warnings(hub)[0]?.['reason'])).toContain(reason)
  })

  test('that never answers ends in bounded time', async () => {
    const clock = createManualClock(0)
    const { agent, answer } = await connectWith(() => new Promise(() => {}), clock)
    const code = until(async () => {
      clock.advance(seconds(1))
      return agent.packets.length > 0
    })
    await code
    expect(await answer).toBe(3)
    await agent.closed()
  })
})

describe('packets that do not wait for the CONNACK', () => {
  const topic = 'ansang/1/agent-1/telemetry'
  const slow = async () => {
    const waiting: (() => void)[] = []
    hub = await startBroker({
      ports: {
        identify: ({ clientId }) =>
          new Promise((resolve) => waiting.push(() => resolve({ agentId: clientId }))),
      },
    })
    return { agent: dial(hub.port), letIn: async () => (await until(() => waiting[0]))() }
  }

  test('are handled after it, in order, also across segments', async () => {
    const { agent, letIn } = await slow()
    agent.send(
      connectPacket({ clientId: 'agent-1' }),
      ...numbers(60).map((id) => publishPacket(topic, { id, payload: `${id}` })),
    )
    for (const id of numbers(120).slice(60)) {
      agent.send(publishPacket(topic, { id, payload: `${id}` }))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(hub.accepted).toEqual([])
    await letIn()
    await until(() => agent.acks().length === 120, { what: 'all to be acknowledged' })
    expect(hub.accepted.map(({ payload }) => Number(payload))).toEqual(numbers(120))
    expect(agent.packets[0]?.cmd).toBe('connack')
    agent.end()
  })

  test('may come in the very moment between CONNECT and its hooks', async () => {
    hub = await startBroker()
    const accepted: string[] = []
    const door = await createDoor({
      clock: systemClock,
      log: silentLog,
      limits: defaultLimits,
      ports: {
        identify: async ({ clientId }) => ({ agentId: clientId }),
        accept: ({ payload }, done) => {
          accepted.push(`${payload}`)
          done()
        },
        present: () => {},
        count: () => {},
      },
    })
    const conn = new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done() })
    door.open(conn, { socket: new Socket() })
    conn.push(generate(connectPacket({ clientId: 'agent-1' })))
    // The broker has read the CONNECT in a tick and comes back to it in the next turn.
    for (const payload of ['1', '2', '3']) {
      for (let tick = 0; tick < 3; tick += 1) await new Promise<void>((go) => process.nextTick(go))
      conn.push(generate(publishPacket(topic, { payload })))
    }
    await until(() => accepted.length === 3)
    expect(accepted).toEqual(['1', '2', '3'])
    await door.close()
  })

  test('are never handled for one who is then refused', async () => {
    hub = await startBroker({ ports: { identify: async () => ({ refused: 'no' }) } })
    const agent = dial(hub.port)
    agent.send(connectPacket({ clientId: 'agent-1' }))
    for (const id of numbers(5)) {
      agent.send(publishPacket(topic, { id }))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await agent.closed()
    expect(hub.accepted).toEqual([])
  })
})

test('ports that throw while they are told something disturb nobody', async () => {
  hub = await startBroker({
    ports: {
      present: () => {
        throw new Error('bug in present')
      },
      count: () => {
        throw new Error('bug in count')
      },
    },
  })
  const agent = dial(hub.port)
  expect(await agent.connect({ clientId: 'agent-1' })).toBe(0)
  agent.send(publishPacket('ansang/1/agent-1/birth', { id: 1 }))
  await until(() => agent.acks().length === 1)
  expect(hub.lines.filter(({ msg }) => msg === 'mqtt port failed').length).toBeGreaterThan(1)
  agent.end()
})

test('who is cut off while it signs in does not come in', async () => {
  const waiting: (() => void)[] = []
  hub = await startBroker({
    ports: {
      identify: ({ clientId }) =>
        new Promise((resolve) => waiting.push(() => resolve({ agentId: clientId }))),
    },
  })
  const agent = dial(hub.port)
  agent.send(connectPacket({ clientId: 'agent-1' }))
  await until(() => waiting.length === 1)
  hub.broker.disconnect('agent-1', 'revoked')
  waiting[0]?.()
  await agent.closed()
  expect(agent.packets).toMatchObject([{ cmd: 'connack', returnCode: 5 }])
  expect(hub.presence).toEqual([])
})

test('a connected agent is cut off at once, and said to be gone', async () => {
  hub = await startBroker()
  const agent = dial(hub.port)
  await agent.connect({ clientId: 'agent-1', ...will({}) })
  hub.broker.disconnect('agent-1', 'revoked')
  expect(hub.broker.isConnected('agent-1')).toBe(false)
  await agent.closed()
  await until(() => hub.presence.at(-1) === 'agent-1#1-')
  expect(hub.accepted).toMatchObject([{ channel: 'gone', session: 1 }])
  expect(warnings(hub)).toMatchObject([{ happening: 'connection-cut', reason: 'revoked' }])
})

test('closing the broker takes no wills and says that everyone left', async () => {
  hub = await startBroker()
  const agents = numbers(3).map(() => dial(hub.port))
  for (const [n, agent] of agents.entries()) {
    const topic = `ansang/1/agent-${n}/gone`
    await agent.connect({ clientId: `agent-${n}`, ...will({ topic }) })
  }
  await hub.broker.close()
  for (const agent of agents) await agent.closed()
  expect(hub.accepted).toEqual([])
  expect(hub.presence.filter((line) => line.endsWith('-'))).toHaveLength(3)
  expect(hub.broker.connectedCount()).toBe(0)
})
