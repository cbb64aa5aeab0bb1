import net from 'node:net'
import tls from 'node:tls'
import { generate } from 'mqtt-packet'
import { afterEach, describe, expect, test } from 'vitest'
import { createManualClock, seconds } from '../../src/core/clock.ts'
import { type BrokerUnderTest, numbers, startBroker, warnings } from '../support/broker.ts'
import { connectPacket, dial, publishPacket, type RawMqtt } from '../support/raw-mqtt.ts'
import { until } from '../support/until.ts'

let hub: BrokerUnderTest
let open: RawMqtt[] = []
afterEach(async () => {
  for (const one of open) one.end()
  open = []
  await hub.broker.close()
})
const come = () => {
  const one = dial(hub.port)
  open.push(one)
  return one
}
const topic = 'ansang/1/agent-1/telemetry'

describe('who speaks another language', () => {
  test('a web browser is told in its own where it is', async () => {
    hub = await startBroker()
    const answer = await fetch(`http://127.0.0.1:${hub.port}/`)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('MQTT port')
    expect(hub.counts['not-mqtt']).toBe(1)
    expect(warnings(hub)).toMatchObject([{ happening: 'not-mqtt', speaks: 'http' }])
  })

  test('an HTTP request that comes letter by letter is told too', async () => {
    hub = await startBroker()
    const stranger = come()
    for (const letter of 'GET /') stranger.write(letter)
    await stranger.closed()
    expect(stranger.text()).toMatch(/^HTTP\/1\.1 400 /)
  })

  test('TLS on the plain port is named in the log', async () => {
    hub = await startBroker()
    const stranger = tls.connect({ port: hub.port, host: '127.0.0.1', rejectUnauthorized: false })
    await new Promise((resolve) => stranger.on('error', resolve))
    expect(warnings(hub)).toMatchObject([{ happening: 'not-mqtt', speaks: 'tls' }])
  })

  test('an MQTT packet before CONNECT ends the connection', async () => {
    hub = await startBroker()
    const stranger = come()
    stranger.send(publishPacket(topic, { id: 1 }))
    await stranger.closed()
    expect(hub.accepted).toEqual([])
    expect(hub.counts['not-mqtt']).toBe(1)
  })
})

describe('frames that are too large', () => {
  /** A fixed header that promises `length` bytes; nothing of them is sent. */
  const promise = (type: number, length: number) => {
    const bytes = [type]
    for (let rest = length; ; ) {
      const low = rest % 128
      rest = Math.floor(rest / 128)
      bytes.push(rest > 0 ? low | 128 : low)
      if (rest === 0) return Buffer.from(bytes)
    }
  }

  test.each([4097, 1_000_000, 268_435_455])(
    'a CONNECT of %i bytes is refused on its header alone, before authentication',
    async (length) => {
      hub = await startBroker()
      const stranger = come()
      stranger.write(promise(0x10, length))
      await stranger.closed()
      expect(hub.counts['frame-too-large']).toBe(1)
      expect(warnings(hub)).toHaveLength(1)
    },
  )

  test('a publish above the limit is refused, one below is taken', async () => {
    hub = await startBroker()
    const agent = come()
    await agent.connect({ clientId: 'agent-1' })
    agent.send(publishPacket(topic, { id: 1, payload: Buffer.alloc(256 * 1024) }))
    await until(() => agent.acks().length === 1)
    expect(hub.accepted[0]?.payload).toHaveLength(256 * 1024)
    agent.write(promise(0x32, 300 * 1024))
    await agent.closed()
    expect(hub.counts['frame-too-large']).toBe(1)
  })

  test('a length that never ends is malformed', async () => {
    hub = await startBroker()
    const stranger = come()
    stranger.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x01]))
    await stranger.closed()
    expect(hub.counts['malformed-packet']).toBe(1)
  })

  test('packets split at every byte are measured right', async () => {
    hub = await startBroker()
    const agent = come()
    const bytes = Buffer.concat([
      generate(connectPacket({ clientId: 'agent-1' })),
      ...numbers(3).map((id) =>
        generate(publishPacket(topic, { id, payload: 'x'.repeat(200 * id) })),
      ),
    ])
    for (const byte of bytes) {
      agent.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => agent.acks().length === 3)
    expect(hub.accepted.map(({ payload }) => payload.length)).toEqual([200, 400, 600])
  })
})

describe('who keeps us waiting', () => {
  test('a socket that says nothing is closed after the connect timeout', async () => {
    hub = await startBroker({ limits: { connectTimeoutMs: 100 } })
    const stranger = come()
    await stranger.closed()
    expect(hub.counts['connect-timeout']).toBe(1)
  })

  test('a CONNECT that trickles does not stretch the connect timeout', async () => {
    hub = await startBroker({ limits: { connectTimeoutMs: 300 } })
    const stranger = come()
    const bytes = generate(connectPacket({ clientId: 'agent-1', username: 'agent-1' }))
    let sent = 0
    await until(
      () => {
        if (sent < bytes.length - 1) stranger.write(bytes.subarray(sent, ++sent))
        return stranger.isClosed()
      },
      { everyMs: 20, what: 'the trickle to be cut off' },
    )
    expect(hub.counts['connect-timeout']).toBe(1)
    expect(hub.presence).toEqual([])
  })

  test('a publish that trickles is closed at the frame deadline', async () => {
    const clock = createManualClock(0)
    hub = await startBroker({ clock })
    const agent = come()
    await agent.connect({ clientId: 'agent-1' })
    const bytes = generate(publishPacket(topic, { id: 1, payload: 'x'.repeat(500) }))
    let sent = 0
    await until(() => {
      agent.write(bytes.subarray(sent, ++sent))
      clock.advance(seconds(1))
      return agent.isClosed()
    })
    expect(sent).toBeGreaterThan(25)
    expect(sent).toBeLessThan(400)
    expect(hub.counts['frame-timeout']).toBe(1)
  })

  test('packets that follow each other closely do not add up to the deadline', async () => {
    const clock = createManualClock(0)
    hub = await startBroker({ clock })
    const agent = come()
    await agent.connect({ clientId: 'agent-1' })
    const bytes = Buffer.concat(
      numbers(12).map((id) => generate(publishPacket(topic, { id, payload: 'x'.repeat(300) }))),
    )
    // Every chunk ends in the middle of a packet.
    const size = Math.floor(bytes.length / 12) + 7
    for (let at = 0; at < bytes.length; at += size) {
      const before = agent.acks().length
      agent.write(bytes.subarray(at, at + size))
      await until(() => agent.acks().length > before)
      clock.advance(seconds(9))
    }
    expect(agent.acks()).toEqual(numbers(12))
    expect(agent.isClosed()).toBe(false)
  })

  test('an agent that falls silent is dropped by its keepalive', async () => {
    hub = await startBroker()
    const agent = come()
    await agent.connect({ clientId: 'agent-1', keepalive: 1 })
    await agent.closed()
    expect(hub.counts['keepalive-timeout']).toBe(1)
    await until(() => hub.presence.at(-1) === 'agent-1#1-')
  })

  test('an agent that waits for our disk is not dropped by its keepalive', async () => {
    hub = await startBroker({ ports: { accept: () => {} } })
    const agent = come()
    const silent = come()
    await agent.connect({ clientId: 'agent-1', keepalive: 1 })
    agent.send(...numbers(50).map((id) => publishPacket(topic, { id })))
    await until(() => hub.accepted.length === 50)
    // Three others that fall silent one after another measure the time: 1.5 s each.
    await silent.connect({ clientId: 'agent-2', keepalive: 1 })
    await silent.closed()
    const second = come()
    await second.connect({ clientId: 'agent-3', keepalive: 1 })
    await second.closed()
    expect(agent.isClosed()).toBe(false)
    for (const { done } of hub.accepted) done()
    await until(() => agent.acks().length === 50)
    await agent.closed()
  })
})

test('no more than the allowed number of connections is held', async () => {
  hub = await startBroker({ limits: { maxConnections: 3 } })
  const agents = numbers(3).map(come)
  for (const [n, agent] of agents.entries()) await agent.connect({ clientId: `agent-${n}` })
  const fourth = come()
  await fourth.closed()
  expect(hub.counts['too-many-connections']).toBe(1)
  agents[0]?.end()
  await until(() => hub.broker.connectedCount() === 2)
  expect(await come().connect({ clientId: 'agent-4' })).toBe(0)
})

test('a second CONNECT ends the connection', async () => {
  hub = await startBroker()
  const agent = come()
  await agent.connect({ clientId: 'agent-1' })
  agent.send(connectPacket({ clientId: 'agent-2' }))
  await agent.closed()
  expect(hub.counts['malformed-packet']).toBe(1)
  await until(() => hub.presence.length === 2)
  expect(hub.presence).toEqual(['agent-1#1+', 'agent-1#1-'])
})

test('a port that is taken is an error at the start, and nothing stays open', async () => {
  hub = await startBroker()
  const second = startBroker({ tcp: { host: '127.0.0.1', port: hub.port } })
  await expect(second).rejects.toThrow('EADDRINUSE')
})

test('closing does not wait for those who only opened a socket', async () => {
  hub = await startBroker()
  const stranger = net.connect({ port: hub.port, host: '127.0.0.1' })
  await new Promise((resolve) => stranger.once('connect', resolve))
  stranger.on('error', () => {})
  await hub.broker.close()
  await until(() => stranger.closed)
})
