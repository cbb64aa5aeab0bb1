import mqtt from 'mqtt'
import type { IPublishPacket } from 'mqtt-packet'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { examples } from '../../src/contract/wire/examples.ts'
import { subscriptionsOf, topicOf } from '../../src/contract/wire/topics.ts'
import { createManualClock, type ManualClock, seconds } from '../../src/core/clock.ts'
import { type BrokerUnderTest, numbers, startBroker } from '../support/broker.ts'
import { dial, publishPacket, type RawMqtt } from '../support/raw-mqtt.ts'
import { until } from '../support/until.ts'

let hub: BrokerUnderTest
let agent: RawMqtt
let clock: ManualClock

beforeEach(async () => {
  clock = createManualClock(0)
  hub = await startBroker({ clock })
  agent = dial(hub.port)
  await agent.connect({ clientId: 'agent-1' })
})
afterEach(async () => {
  agent.end()
  await hub.broker.close()
})

const received = (): IPublishPacket[] =>
  agent.packets.flatMap((packet) => (packet.cmd === 'publish' ? [packet] : []))
const receive = (count: number) =>
  until(() => received().length >= count && received(), { what: `${count} messages` })
const ack = (packet: IPublishPacket | undefined) =>
  agent.send({ cmd: 'puback', ...(packet?.messageId ? { messageId: packet.messageId } : {}) })

describe('a message to an agent', () => {
  test('goes at the QoS of its channel and is true when acknowledged', async () => {
    let answer: boolean | undefined
    const sending = hub.broker.send('agent-1', 'desired', examples.desired).then((value) => {
      answer = value
    })
    const [packet] = await receive(1)
    expect(packet).toMatchObject({ topic: topicOf('agent-1', 'desired'), qos: 1, retain: false })
    expect(JSON.parse(String(packet?.payload))).toEqual(examples.desired)
    expect(answer).toBeUndefined()
    ack(packet)
    await sending
    expect(answer).toBe(true)
  })

  test('of QoS 0 is true when written', async () => {
    expect(await hub.broker.send('agent-1', 'time', examples.time)).toBe(true)
    const [packet] = await receive(1)
    expect(packet).toMatchObject({ qos: 0, topic: topicOf('agent-1', 'time') })
  })

  test('is matched to its own acknowledgement', async () => {
    const answers: (boolean | undefined)[] = [undefined, undefined, undefined]
    const all = numbers(3).map(async (n) => {
      answers[n - 1] = await hub.broker.send('agent-1', 'command', { n })
    })
    const packets = await receive(3)
    expect(new Set(packets.map(({ messageId }) => messageId)).size).toBe(3)
    ack(packets[1])
    await until(() => answers[1])
    expect(answers).toEqual([undefined, true, undefined])
    ack(packets[2])
    ack(packets[0])
    await Promise.all(all)
  })

  test('is false for who is not connected', async () => {
    expect(await hub.broker.send('agent-2', 'desired', examples.desired)).toBe(false)
  })

  test('is false when the agent leaves without acknowledging', async () => {
    const sending = hub.broker.send('agent-1', 'desired', examples.desired)
    await receive(1)
    agent.end()
    expect(await sending).toBe(false)
  })

  test('is false when the agent does not acknowledge in time, and a late one harms nobody', async () => {
    const sending = hub.broker.send('agent-1', 'desired', examples.desired)
    const [packet] = await receive(1)
    clock.advance(seconds(10))
    expect(await sending).toBe(false)
    expect(hub.counts['send-failed']).toBe(1)
    ack(packet)
    ack({ ...(packet as IPublishPacket), messageId: 999 })
    const next = hub.broker.send('agent-1', 'desired', examples.desired)
    const packets = await receive(2)
    ack(packets[1])
    expect(await next).toBe(true)
  })

  test('is not acknowledged by the connection that takes over', async () => {
    const sending = hub.broker.send('agent-1', 'desired', examples.desired)
    const [packet] = await receive(1)
    const fresh = dial(hub.port)
    await fresh.connect({ clientId: 'agent-1' })
    fresh.send({ cmd: 'puback', messageId: packet?.messageId ?? 0 })
    expect(await sending).toBe(false)
    fresh.end()
  })

  test('waits in a bounded number', async () => {
    const sending = numbers(150).map((n) => hub.broker.send('agent-1', 'command', { n }))
    await receive(100)
    expect(await sending[149]).toBe(false)
    for (const packet of received()) ack(packet)
    const answers = await Promise.all(sending)
    expect(answers.filter(Boolean)).toHaveLength(100)
  })

  test('to an agent that stopped reading holds up nobody, and ends', async () => {
    agent.conn.pause()
    const args = { text: 'x'.repeat(200_000) }
    const sending = numbers(90).map(() => hub.broker.send('agent-1', 'command', { args }))
    const other = dial(hub.port)
    await other.connect({ clientId: 'agent-2' })
    other.send(publishPacket(topicOf('agent-2', 'birth'), { id: 1 }))
    await until(() => other.acks().length === 1)
    expect(await hub.broker.send('agent-2', 'time', examples.time)).toBe(true)
    clock.advance(seconds(10))
    expect((await Promise.all(sending)).some(Boolean)).toBe(false)
    other.end()
  })

  test('subscribed to with QoS 0 goes with QoS 0', async () => {
    const filter = { topic: topicOf('agent-1', 'desired'), qos: 0 as const }
    agent.send({ cmd: 'subscribe', messageId: 1, subscriptions: [filter] })
    await until(() => agent.packets.some(({ cmd }) => cmd === 'suback'))
    expect(await hub.broker.send('agent-1', 'desired', examples.desired)).toBe(true)
    expect((await receive(1))[0]?.qos).toBe(0)
  })

  test('passes those that wait for their accept', async () => {
    await hub.broker.close()
    hub = await startBroker({ clock, ports: { accept: () => {} } })
    agent = dial(hub.port)
    await agent.connect({ clientId: 'agent-1' })
    agent.send(publishPacket(topicOf('agent-1', 'birth'), { id: 1 }))
    await until(() => hub.accepted.length === 1)
    const sending = hub.broker.send('agent-1', 'desired', examples.desired)
    const [packet] = await receive(1)
    hub.accepted[0]?.done()
    ack(packet)
    expect(await sending).toBe(true)
  })
})

test('a real MQTT.js agent publishes, subscribes and is sent to', async () => {
  const client = await mqtt.connectAsync({
    host: '127.0.0.1',
    port: hub.port,
    clientId: 'agent-2',
    keepalive: 60,
    will: { topic: topicOf('agent-2', 'gone'), payload: '{}', qos: 1 },
  })
  const heard: string[] = []
  client.on('message', (topic, payload) => heard.push(`${topic} ${payload}`))
  for (const { topic, qos } of subscriptionsOf('agent-2'))
    await client.subscribeAsync(topic, { qos })
  await client.publishAsync(topicOf('agent-2', 'birth'), JSON.stringify(examples.birth), { qos: 1 })
  expect(await hub.broker.send('agent-2', 'desired', { lineage: 'x' })).toBe(true)
  await until(() => heard.length === 1)
  expect(heard).toEqual(['ansang/1/agent-2/desired {"lineage":"x"}'])
  await client.endAsync()
  await until(() => !hub.broker.isConnected('agent-2'))
  expect(hub.accepted.map(({ channel }) => channel)).toEqual(['birth'])
})
