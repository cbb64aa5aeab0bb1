import { connectAsync, type MqttClient } from 'mqtt'
import { encode } from '../../src/contract/wire/codec.ts'
import { subscriptionsOf, topicOf } from '../../src/contract/wire/topics.ts'
import type { BodyOf, EnvelopeBody, UpChannel } from './wire-types.ts'

/** An agent as the wire sees it: a real MQTT.js client that says what a test tells it to. */
export type WireAgent = {
  client: MqttClient
  /** Publishes a record with the next outbox id; resolves when it is acknowledged. */
  send: <C extends Exclude<UpChannel, 'gone'>>(
    channel: C,
    body: EnvelopeBody<C>,
    over?: Partial<BodyOf<C>>,
  ) => Promise<BodyOf<C>>
  /** Publishes exactly this body. */
  repeat: <C extends Exclude<UpChannel, 'gone'>>(channel: C, body: BodyOf<C>) => Promise<void>
  received: { channel: string; body: unknown }[]
  end: () => Promise<void>
  /** Breaks the connection without a goodbye. */
  cut: () => void
}

let epochs = 0

export async function connectAgent(options: {
  port: number
  agentId: string
  secret: string
  now: () => number
  epoch?: string
}): Promise<WireAgent> {
  const { agentId, now } = options
  const client = await connectAsync({
    host: '127.0.0.1',
    port: options.port,
    clientId: agentId,
    username: agentId,
    password: options.secret,
    reconnectPeriod: 0,
    keepalive: 60,
    will: {
      topic: topicOf(agentId, 'gone'),
      payload: encode('gone', { boot: '00c0ffee' }),
      qos: 1,
      retain: false,
    },
  })
  client.on('error', () => {})
  const received: WireAgent['received'] = []
  client.on('message', (topic, payload) => {
    received.push({ channel: topic.split('/')[3] ?? '', body: JSON.parse(payload.toString()) })
  })
  await client.subscribeAsync(
    Object.fromEntries(subscriptionsOf(agentId).map(({ topic, qos }) => [topic, { qos }])),
  )
  epochs += 1
  const epoch = options.epoch ?? `e0000000${String(epochs).padStart(4, '0')}`
  let n = 0
  const repeat: WireAgent['repeat'] = async (channel, body) => {
    await client.publishAsync(topicOf(agentId, channel), encode(channel, body), { qos: 1 })
  }
  return {
    client,
    received,
    repeat,
    send: async (channel, body, over = {}) => {
      n += 1
      const envelope = {
        id: [epoch, n],
        lane: 'live',
        boot: '00c0ffee',
        mono: n,
        at: new Date(now()).toISOString(),
        trust: 'trusted',
      }
      const whole = { ...envelope, ...body, ...over } as never
      await repeat(channel, whole)
      return whole
    },
    end: () => client.endAsync(),
    cut: () => client.stream.destroy(),
  }
}
