import net from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type BrokerUnderTest, numbers, startBroker } from '../support/broker.ts'
import { connectPacket, dial, publishPacket, type RawMqtt, speakMqtt } from '../support/raw-mqtt.ts'
import { until } from '../support/until.ts'

let hub: BrokerUnderTest
let agents: RawMqtt[] = []
afterEach(async () => {
  for (const agent of agents) agent.end()
  agents = []
  await hub.broker.close()
})

const clientId = 'agent-1'
const will = {
  topic: 'ansang/1/agent-1/gone',
  payload: Buffer.from('{"boot":"00c0ffee"}'),
  qos: 1 as const,
  retain: false,
}
const dialMore = (count: number) => {
  const more = numbers(count).map(() => dial(hub.port))
  agents.push(...more)
  return more
}
const isAlive = (agent: RawMqtt) => !agent.isClosed()
const present = () => hub.presence.filter((line) => line.endsWith('+')).length
const left = () => hub.presence.filter((line) => line.endsWith('-')).length

const serves = async (agent: RawMqtt) => {
  const before = agent.acks().length
  agent.send(publishPacket('ansang/1/agent-1/birth', { id: 9 }))
  await until(() => agent.acks().length > before, { what: 'the survivor to be served' })
}

describe.each([2, 3, 10])('%i connections of one agent at once', (count) => {
  test.each(['at once', 'while an old one stands', 'while an old one dies'])(
    'leave exactly one, %s',
    async (story) => {
      hub = await startBroker()
      const old = story === 'at once' ? [] : dialMore(1)
      for (const one of old) await one.connect({ clientId, will })
      const fresh = dialMore(count)
      for (const one of fresh) one.send(connectPacket({ clientId, will }))
      if (story === 'while an old one dies') old[0]?.end()

      await until(() => present() === count + old.length && left() === count + old.length - 1, {
        what: 'all to have come and all but one to have left',
      })
      await until(() => agents.filter(isAlive).length === 1)
      expect(hub.broker.connectedCount()).toBe(1)
      expect(hub.broker.isConnected(clientId)).toBe(true)
      const [survivor] = agents.filter(isAlive)
      if (survivor) await serves(survivor)
      // The one that stays is the one with the highest number, and it is told of last.
      expect(hub.presence.at(-1)).toBe(`agent-1#${count + old.length}+`)
      expect(await hub.broker.send(clientId, 'time', {})).toBe(true)
      survivor?.end()
      await until(() => hub.broker.connectedCount() === 0)
      await until(() => left() === present())
      expect(await hub.broker.send(clientId, 'time', {})).toBe(false)
    },
  )
})

test('slow identification does not let two in', async () => {
  const waiting: (() => void)[] = []
  hub = await startBroker({
    ports: {
      identify: () => new Promise((resolve) => waiting.push(() => resolve({ agentId: clientId }))),
    },
  })
  for (const one of dialMore(3)) one.send(connectPacket({ clientId }))
  await until(() => waiting.length === 3)
  for (const letIn of waiting) letIn()
  await until(() => present() === 3 && left() === 2)
  const one = 'agent-1'
  expect(hub.presence).toEqual(
    [1, 2].flatMap((n) => [`${one}#${n}+`, `${one}#${n}-`]).concat(`${one}#3+`),
  )
  await until(() => agents.filter(isAlive).length === 1)
  expect(hub.broker.connectedCount()).toBe(1)
})

test('wrong credentials do not disturb the agent that is connected', async () => {
  hub = await startBroker({
    ports: {
      identify: async ({ password }) =>
        password === 'right' ? { agentId: clientId } : { refused: 'wrong secret' },
    },
  })
  const [agent, thief] = dialMore(2)
  expect(
    await agent?.connect({ clientId, username: clientId, password: Buffer.from('right') }),
  ).toBe(0)
  expect(
    await thief?.connect({ clientId, username: clientId, password: Buffer.from('wrong') }),
  ).toBe(4)
  if (agent) await serves(agent)
  expect(hub.counts['connection-taken-over']).toBeUndefined()
})

describe('a will', () => {
  test('of a connection that breaks is accepted with its own session', async () => {
    hub = await startBroker()
    const [agent] = dialMore(1)
    await agent?.connect({ clientId, will })
    agent?.end()
    await until(() => hub.accepted.length === 1)
    expect(hub.accepted).toMatchObject([{ agentId: clientId, channel: 'gone', session: 1 }])
    expect(hub.accepted[0]?.payload.toString()).toBe('{"boot":"00c0ffee"}')
  })

  test('is not accepted after a clean DISCONNECT', async () => {
    hub = await startBroker()
    const [agent] = dialMore(1)
    await agent?.connect({ clientId, will })
    agent?.send({ cmd: 'disconnect' })
    await until(() => left() === 1)
    expect(hub.accepted).toEqual([])
  })

  test('of a connection that was taken over never says that the living agent is gone', async () => {
    hub = await startBroker()
    for (const one of dialMore(5)) await one.connect({ clientId, will })
    await until(() => left() === 4)
    expect(hub.accepted).toEqual([])
    expect(hub.counts['will-ignored']).toBe(4)
  })

  test('comes before the next session, when the old connection dies as the new one arrives', async () => {
    hub = await startBroker()
    for (let round = 1; round <= 20; round += 1) {
      const [agent] = dialMore(1)
      agent?.send(
        connectPacket({ clientId, will }),
        publishPacket('ansang/1/agent-1/birth', { id: 1 }),
      )
      await until(() => (agent?.acks().length ?? 0) === 1)
      agent?.end()
    }
    await until(() => left() === 20)
    let newest = 0
    for (const { channel, session } of hub.accepted) {
      if (channel === 'gone') expect(session).toBe(newest)
      else expect(session).toBe(++newest)
    }
  })

  test('that cannot be accepted disturbs nobody', async () => {
    hub = await startBroker({
      ports: {
        accept: () => {
          throw new Error('disk full')
        },
      },
    })
    const [agent] = dialMore(1)
    await agent?.connect({ clientId, will })
    agent?.end()
    await until(() => left() === 1)
    expect(hub.counts['accept-failed']).toBe(1)
    const [next] = dialMore(1)
    expect(await next?.connect({ clientId })).toBe(0)
  })
})

test('a half-open connection is replaced by the one that the agent makes anew', async () => {
  hub = await startBroker()
  const frozen = speakMqtt(net.connect({ port: hub.port, host: '127.0.0.1', allowHalfOpen: true }))
  agents.push(frozen)
  await frozen.connect({ clientId, will })
  frozen.conn.pause()
  const [fresh] = dialMore(1)
  expect(await fresh?.connect({ clientId, will })).toBe(0)
  expect(hub.presence).toEqual(['agent-1#1+', 'agent-1#1-', 'agent-1#2+'])
  if (fresh) await serves(fresh)
})
