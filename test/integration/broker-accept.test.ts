import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BrokerPorts } from '../../broker/broker.ts'
import { type BrokerUnderTest, numbers, startBroker, warnings } from '../support/broker.ts'
import { dial, publishPacket, type RawMqtt } from '../support/raw-mqtt.ts'
import { until } from '../support/until.ts'

const topic = 'ansang/1/agent-1/telemetry'
const hold: BrokerPorts['accept'] = () => {}

let hub: BrokerUnderTest
let agent: RawMqtt

async function begin(options: Parameters<typeof startBroker>[0] = {}) {
  hub = await startBroker(options)
  agent = dial(hub.port)
  expect(await agent.connect({ clientId: 'agent-1' })).toBe(0)
}
const accepted = (count: number) =>
  until(() => hub.accepted.length >= count, { what: `${count} records accepted` })

afterEach(async () => {
  agent.end()
  await hub.broker.close()
})

describe('acknowledgement', () => {
  beforeEach(() => begin({ ports: { accept: hold } }))

  test('waits for the durable accept', async () => {
    agent.send(publishPacket(topic, { id: 7, payload: '{"n":1}' }), { cmd: 'pingreq' })
    await until(() => agent.packets.some((packet) => packet.cmd === 'pingresp'))
    expect(agent.acks()).toEqual([])
    const [record] = hub.accepted
    expect(record).toMatchObject({ agentId: 'agent-1', channel: 'telemetry', session: 1 })
    expect(record?.payload.toString()).toBe('{"n":1}')
    record?.done()
    await until(() => agent.acks().length === 1)
    expect(agent.acks()).toEqual([7])
  })

  test('comes in arrival order when the records are settled in another', async () => {
    agent.send(...numbers(50).map((id) => publishPacket(topic, { id })), { cmd: 'pingreq' })
    await accepted(50)
    for (const { done } of hub.accepted.slice(1).reverse()) done()
    await until(() => agent.packets.some((packet) => packet.cmd === 'pingresp'))
    expect(agent.acks()).toEqual([])
    hub.accepted[0]?.done()
    await until(() => agent.acks().length === 50)
    expect(agent.acks()).toEqual(numbers(50))
  })

  test('is never given when the accept fails: the publisher is cut off', async () => {
    agent.send(...numbers(3).map((id) => publishPacket(topic, { id })))
    await accepted(3)
    hub.accepted[2]?.done()
    hub.accepted[0]?.done()
    await until(() => agent.acks().length === 1)
    hub.accepted[1]?.done(new Error('disk full'))
    await agent.closed()
    expect(agent.acks()).toEqual([1])
    expect(hub.counts['accept-failed']).toBe(1)
    expect(warnings(hub)).toMatchObject([{ happening: 'accept-failed', reason: 'disk full' }])
  })

  test('ignores a second call and a call after the connection is gone', async () => {
    agent.send(publishPacket(topic, { id: 1 }), publishPacket(topic, { id: 2 }))
    await accepted(2)
    hub.accepted[0]?.done()
    hub.accepted[0]?.done(new Error('again'))
    await until(() => agent.acks().length === 1)
    agent.end()
    await until(() => hub.broker.connectedCount() === 0)
    hub.accepted[1]?.done()
    hub.accepted[1]?.done(new Error('late'))
    expect(hub.counts['accept-failed']).toBeUndefined()
  })

  test('may be owed when the broker closes, and come after that', async () => {
    agent.send(...numbers(3).map((id) => publishPacket(topic, { id })))
    await accepted(3)
    await hub.broker.close()
    await agent.closed()
    for (const { done } of hub.accepted) done(new Error('late'))
    expect(agent.acks()).toEqual([])
    expect(hub.counts['accept-failed']).toBeUndefined()
  })

  test('a QoS 0 message is accepted too, and failing it cuts the publisher off', async () => {
    agent.send(publishPacket(topic, { payload: '{"q":0}' }))
    await accepted(1)
    expect(hub.accepted[0]?.payload.toString()).toBe('{"q":0}')
    hub.accepted[0]?.done(new Error('disk full'))
    await agent.closed()
  })
})

test('an accept that throws cuts the publisher off and nothing else', async () => {
  await begin({
    ports: {
      accept: (record, done) => {
        if (record.payload.toString() === 'bad') throw new Error('bug in accept')
        done()
      },
    },
  })
  const other = dial(hub.port)
  await other.connect({ clientId: 'agent-2' })
  agent.send(publishPacket(topic, { id: 1, payload: 'bad' }))
  await agent.closed()
  other.send(publishPacket('ansang/1/agent-2/telemetry', { id: 5 }))
  await until(() => other.acks().length === 1)
  expect(agent.acks()).toEqual([])
  other.end()
})

test('QoS 2 is refused and the connection closed', async () => {
  await begin()
  agent.send(publishPacket(topic, { id: 9, qos: 2 }))
  await agent.closed()
  expect(hub.accepted).toEqual([])
  expect(agent.packets.map(({ cmd }) => cmd)).toEqual(['connack'])
  expect(warnings(hub)).toMatchObject([
    { happening: 'publish-refused', reason: 'QoS 2 is not spoken here', agentId: 'agent-1' },
  ])
})

test('a retained message is accepted but not retained', async () => {
  await begin()
  agent.send(publishPacket(topic, { id: 3, retain: true }))
  await until(() => agent.acks().length === 1)
  expect(hub.accepted).toHaveLength(1)
  expect(hub.counts['retain-ignored']).toBe(1)
  agent.send(publishPacket(topic, { id: 4 }))
  await until(() => agent.acks().length === 2)
})

describe('the cap per client', () => {
  const limits = { maxPendingPerClient: 20 }
  beforeEach(() => begin({ limits, ports: { accept: hold } }))

  const settleAll = async (total: number, most: number) => {
    let settled = 0
    await until(
      () => {
        expect(hub.accepted.length - settled).toBeLessThanOrEqual(most)
        while (settled < hub.accepted.length) hub.accepted[settled++]?.done()
        return agent.acks().length === total
      },
      { what: `${total} acknowledgements` },
    )
    expect(agent.acks()).toEqual(numbers(total))
    expect(hub.accepted.map(({ payload }) => Number(payload))).toEqual(numbers(total))
  }

  test('stops reading a client that trickles more in while nothing is settled', async () => {
    for (const id of numbers(200)) {
      agent.send(publishPacket(topic, { id, payload: `${id}` }))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await accepted(20)
    const other = dial(hub.port)
    await other.connect({ clientId: 'agent-2' })
    other.end()
    expect(hub.accepted.length).toBeLessThan(60)
    await settleAll(200, 200)
  })

  test('does not lose the wake-up of a client that sent one big burst', async () => {
    const payload = (id: number) => `${id}`.padStart(150, '0')
    agent.send(...numbers(4000).map((id) => publishPacket(topic, { id, payload: payload(id) })))
    await accepted(20)
    await settleAll(4000, 1500)
  })

  test('survives pings and subscriptions in the middle of a held burst', async () => {
    const burst = numbers(2000).flatMap((id) => [
      publishPacket(topic, { id, payload: `${id}` }),
      { cmd: 'pingreq' } as const,
    ])
    agent.send(...burst)
    await accepted(20)
    await settleAll(2000, 4000)
    await until(() => agent.packets.filter(({ cmd }) => cmd === 'pingresp').length === 2000)
  })
})
