import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { topicOf } from '../../src/contract/wire/topics.ts'
import { type BrokerUnderTest, startBroker, warnings } from '../support/broker.ts'
import { dial, publishPacket, type RawMqtt } from '../support/raw-mqtt.ts'
import { until } from '../support/until.ts'

let hub: BrokerUnderTest
let agent: RawMqtt
let victim: RawMqtt

beforeEach(async () => {
  hub = await startBroker()
  agent = dial(hub.port)
  victim = dial(hub.port)
  await agent.connect({ clientId: 'agent-1' })
  await victim.connect({ clientId: 'agent-2' })
})
afterEach(async () => {
  agent.end()
  victim.end()
  await hub.broker.close()
})

const up = ['birth', 'telemetry', 'conditions', 'reported', 'reply', 'gone'] as const

test.each(up)('an agent may publish on its own %s', async (channel) => {
  agent.send(publishPacket(topicOf('agent-1', channel), { id: 1 }))
  await until(() => agent.acks().length === 1)
  expect(hub.accepted).toMatchObject([{ agentId: 'agent-1', channel }])
})

describe('publishing elsewhere closes the connection, is counted and said once', () => {
  test.each([
    ["another agent's topic", 'ansang/1/agent-2/telemetry', "another agent's topic"],
    ['a channel of the hub', 'ansang/1/agent-1/desired', 'is for the hub to send'],
    ['another wire version', 'ansang/2/agent-1/telemetry', 'wire version not spoken here'],
    ['an unknown channel', 'ansang/1/agent-1/picture', 'no such topic'],
    ['a kick of another client', '$SYS/x/new/clients', 'no such topic'],
    ['a longer topic', 'ansang/1/agent-1/telemetry/x', 'no such topic'],
    ['a name of the prototype', 'ansang/1/agent-1/constructor', 'no such topic'],
  ])('%s', async (_name, topic, reason) => {
    const good = publishPacket(topicOf('agent-1', 'birth'), { id: 1 })
    agent.send(good, publishPacket(topic, { id: 2, payload: 'agent-2' }), good)
    await agent.closed()
    expect(agent.acks()).not.toContain(2)
    expect(hub.accepted).toHaveLength(1)
    expect(hub.counts['publish-refused']).toBe(1)
    expect(warnings(hub)).toMatchObject([
      { happening: 'publish-refused', agentId: 'agent-1', topic },
    ])
    expect(String(warnings(hub)[0]?.['reason'])).toContain(reason)
    victim.send(publishPacket(topicOf('agent-2', 'birth'), { id: 1 }))
    await until(() => victim.acks().length === 1)
  })

  test.each(['#', 'ansang/+/x', `${'a/'.repeat(200)}b`, ''])(
    'an impossible topic %j',
    async (topic) => {
      agent.write(Buffer.concat([header(topic), Buffer.from('{}')]))
      await agent.closed()
      expect(hub.accepted).toEqual([])
      expect(hub.broker.isConnected('agent-2')).toBe(true)
    },
  )
})

test('an agent that is refused every second fills the counter and not the log', async () => {
  for (let round = 0; round < 5; round += 1) {
    const again = dial(hub.port)
    await again.connect({ clientId: 'agent-3' })
    again.send(publishPacket('ansang/1/agent-9/birth', { id: 1 }))
    await again.closed()
  }
  expect(hub.counts['publish-refused']).toBe(5)
  expect(warnings(hub)).toHaveLength(1)
})

describe('subscribing', () => {
  const subscribe = async (...topics: string[]) => {
    const subscriptions = topics.map((topic) => ({ topic, qos: 1 as const }))
    agent.send({ cmd: 'subscribe', messageId: 5, subscriptions })
    const answer = await until(() => agent.packets.find(({ cmd }) => cmd === 'suback'))
    return answer.cmd === 'suback' ? answer.granted : []
  }

  test('to its own channels is granted', async () => {
    const own = (['desired', 'command', 'time'] as const).map((name) => topicOf('agent-1', name))
    expect(await subscribe(...own)).toEqual([1, 1, 1])
  })

  test.each([
    '#',
    '$SYS/#',
    '+/+/+/+',
    'ansang/1/+/desired',
    'ansang/1/agent-1/#',
    'ansang/1/agent-2/desired',
    'ansang/1/agent-1/telemetry',
    '$share/g/ansang/1/agent-1/desired',
  ])('to %s is refused with 128 and the connection stays', async (filter) => {
    expect(await subscribe(filter, topicOf('agent-1', 'desired'))).toEqual([128, 1])
    expect(hub.counts['subscribe-refused']).toBe(1)
    agent.send(publishPacket(topicOf('agent-1', 'birth'), { id: 1 }))
    await until(() => agent.acks().length === 1)
  })

  test('to what it may not hear brings nothing, whatever happens', async () => {
    await subscribe('#', '$SYS/#', 'ansang/1/agent-2/telemetry')
    victim.send(publishPacket(topicOf('agent-2', 'telemetry'), { id: 1, retain: true }))
    await until(() => victim.acks().length === 1)
    await hub.broker.send('agent-2', 'time', { at: '2026-11-24T18:45:00Z', trust: 'trusted' })
    agent.send({ cmd: 'pingreq' })
    await until(() => agent.packets.some(({ cmd }) => cmd === 'pingresp'))
    expect(agent.packets.map(({ cmd }) => cmd)).toEqual(['connack', 'suback', 'pingresp'])
  })
})

/** The fixed and variable header of a PUBLISH that the packet writer would refuse to write. */
function header(topic: string): Buffer {
  const name = Buffer.from(topic)
  const length = 2 + name.length + 2
  const lengthBytes = length < 128 ? [length] : [(length % 128) | 128, Math.floor(length / 128)]
  return Buffer.concat([
    Buffer.from([0x30, ...lengthBytes, name.length >> 8, name.length & 255]),
    name,
  ])
}
