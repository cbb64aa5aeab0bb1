import { createServer, type Server } from 'node:http'
import mqtt from 'mqtt'
import { generate } from 'mqtt-packet'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createWebSocketStream, WebSocket } from 'ws'
import { type BrokerUnderTest, numbers, portOf, startBroker, warnings } from '../support/broker.ts'
import { connectPacket, publishPacket, type RawMqtt, speakMqtt } from '../support/raw-mqtt.ts'
import { until } from '../support/until.ts'

let hub: BrokerUnderTest
let server: Server
let open: RawMqtt[] = []

beforeEach(async () => {
  hub = await startBroker({
    ports: {
      identify: async ({ clientId }) =>
        clientId === 'stranger' ? { refused: 'unknown' } : { agentId: clientId },
    },
  })
  server = createServer((_request, response) => response.end('page'))
  hub.broker.attachWebSocket(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  for (const one of open) one.end()
  open = []
  await hub.broker.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const dialWs = (path = '/mqtt', protocols = ['mqtt']) => {
  const ws = new WebSocket(`ws://127.0.0.1:${portOf(server)}${path}`, protocols)
  const one = speakMqtt(createWebSocketStream(ws))
  ws.on('close', one.end)
  open.push(one)
  return { ...one, ws }
}
const topic = 'ansang/1/agent-1/telemetry'

test('a real MQTT.js agent publishes over WebSocket and is sent to', async () => {
  const client = await mqtt.connectAsync(`ws://127.0.0.1:${portOf(server)}/mqtt`, {
    clientId: 'agent-1',
  })
  const heard: string[] = []
  client.on('message', (_topic, payload) => heard.push(`${payload}`))
  await client.subscribeAsync('ansang/1/agent-1/desired', { qos: 1 })
  await client.publishAsync(topic, '{"n":1}', { qos: 1 })
  expect(hub.accepted).toMatchObject([{ agentId: 'agent-1', channel: 'telemetry' }])
  expect(await hub.broker.send('agent-1', 'desired', { n: 2 })).toBe(true)
  await until(() => heard[0] === '{"n":2}')
  await client.endAsync()
  await until(() => hub.broker.connectedCount() === 0)
})

test('the address of the other side is known', async () => {
  expect(await dialWs().connect({ clientId: 'stranger' })).toBe(4)
  expect(warnings(hub)).toMatchObject([{ remoteAddress: '127.0.0.1', reason: 'unknown' }])
})

test('a refusal arrives before the end, each time', async () => {
  for (const _round of numbers(10)) {
    const one = dialWs()
    expect(await one.connect({ clientId: 'stranger' })).toBe(4)
    await one.closed()
  }
})

test('one session of an agent is taken over across transports', async () => {
  const first = dialWs()
  await first.connect({ clientId: 'agent-1' })
  await dialWs().connect({ clientId: 'agent-1' })
  await first.closed()
  expect(hub.presence).toEqual(['agent-1#1+', 'agent-1#1-', 'agent-1#2+'])
})

test('packets may be cut and joined by the frames in any way', async () => {
  const agent = dialWs()
  const bytes = Buffer.concat([
    generate(connectPacket({ clientId: 'agent-1' })),
    ...numbers(20).map((id) => generate(publishPacket(topic, { id, payload: `${id}` }))),
  ])
  for (let at = 0; at < bytes.length; at += 13) agent.write(bytes.subarray(at, at + 13))
  await until(() => agent.acks().length === 20)
  expect(hub.accepted.map(({ payload }) => Number(payload))).toEqual(numbers(20))
})

describe('what is too large', () => {
  test('in a frame is refused by the frame, before authentication', async () => {
    const stranger = dialWs()
    stranger.write(Buffer.alloc(400 * 1024, 0x10))
    await stranger.closed()
    expect(hub.counts['frame-too-large']).toBe(1)
  })

  test('as an MQTT packet is refused by its header', async () => {
    const stranger = dialWs()
    stranger.write(Buffer.from([0x10, 0xff, 0xff, 0x7f]))
    await stranger.closed()
    expect(hub.counts['frame-too-large']).toBe(1)
  })
})

test('a text frame ends the connection, also with a good packet in it [MQTT-6.0.0-1]', async () => {
  const agent = dialWs()
  await agent.connect({ clientId: 'agent-1' })
  agent.ws.send(generate(publishPacket(topic)).toString())
  await agent.closed()
  expect(hub.counts['malformed-packet']).toBe(1)
  expect(hub.accepted).toEqual([])
})

test('who speaks no MQTT over it is told so', async () => {
  const stranger = dialWs()
  stranger.write('hello')
  await stranger.closed()
  expect(hub.counts['not-mqtt']).toBe(1)
})

describe('the upgrade', () => {
  const upgradeAnswer = (path: string, protocols: string[]) =>
    new Promise<number>((resolve) => {
      const ws = new WebSocket(`ws://127.0.0.1:${portOf(server)}${path}`, protocols)
      ws.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0)
        response.destroy()
      })
      ws.on('error', () => {})
    })

  test('of another path is answered when nobody else takes it', async () => {
    expect(await upgradeAnswer('/elsewhere', ['mqtt'])).toBe(404)
  })

  test('of another path is left to others', async () => {
    server.on('upgrade', (request, socket) => {
      if (request.url === '/live') socket.end('HTTP/1.1 418 Teapot\r\n\r\n')
    })
    expect(await upgradeAnswer('/live', ['x'])).toBe(418)
  })

  test.each([[[]], [['chat']]])('without the subprotocol (%j) is refused', async (protocols) => {
    expect(await upgradeAnswer('/mqtt', protocols)).toBe(400)
  })

  test('with a query is taken', async () => {
    expect(await dialWs('/mqtt?x=1').connect({ clientId: 'agent-1' })).toBe(0)
  })

  test('leaves the pages of the server alone', async () => {
    const page = await fetch(`http://127.0.0.1:${portOf(server)}/`)
    expect(await page.text()).toBe('page')
  })
})

test('closing the broker ends the WebSockets and leaves the server to its owner', async () => {
  const agent = dialWs()
  await agent.connect({ clientId: 'agent-1' })
  await hub.broker.close()
  await agent.closed()
  expect(server.listening).toBe(true)
  expect(server.listenerCount('upgrade')).toBe(0)
})
