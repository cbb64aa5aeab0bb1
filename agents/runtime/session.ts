import type { Duplex } from 'node:stream'
import { MqttClient } from 'mqtt'
import {
  type BodyOf,
  channels,
  type DownChannel,
  isUp,
  type UpChannel,
} from '../../src/contract/wire/channels.ts'
import { encode } from '../../src/contract/wire/codec.ts'
import { parseTopic, subscriptionsOf, topicOf } from '../../src/contract/wire/topics.ts'
import type { Clock } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'

/** One good connection; it is never used again after it was lost. */
export type Link = {
  /** Resolves when the hub has acknowledged, which means: when it is on the hub's disk. */
  publish: (channel: UpChannel, payload: Buffer) => Promise<void>
  /** Shortest round trip so far, ms: the one to correct the hub's time with. */
  shortestRttMs: () => number
  lastRttMs: () => number
}

export type SessionOptions = {
  agentId: string
  password: string
  will: BodyOf<'gone'>
  clock: Clock
  log: Log
  onReady: (link: Link) => void
  onMessage: (channel: DownChannel, payload: Buffer) => void
}

const keepaliveS = 60
const connackMs = 15_000
const goodbyeMs = 2_000

function createClient(stream: Duplex, options: SessionOptions): MqttClient {
  const { agentId, password, will } = options
  return new MqttClient(() => stream, {
    clientId: agentId,
    username: agentId,
    password,
    protocolVersion: 4,
    clean: true,
    keepalive: keepaliveS,
    connectTimeout: connackMs,
    // Reconnecting and resending are ours: mqtt.js would do both from memory and without jitter.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: 'native',
    will: {
      topic: topicOf(agentId, 'gone'),
      payload: encode('gone', will),
      qos: channels.gone.qos,
      retain: false,
    },
  })
}

const connected = (client: MqttClient): Promise<void> =>
  new Promise((resolve, reject) => {
    client.once('connect', () => resolve())
    client.once('error', reject)
    client.once('close', () => reject(new Error('closed before the hub answered')))
  })

async function subscribe(client: MqttClient, agentId: string): Promise<void> {
  const wanted = subscriptionsOf(agentId)
  const filters = Object.fromEntries(wanted.map(({ topic, qos }) => [topic, { qos }]))
  const granted = await client.subscribeAsync(filters)
  const refused = granted.filter((one) => one.qos === 128).map((one) => one.topic)
  if (refused.length > 0) throw new Error(`the hub refused ${refused.join(', ')}`)
}

function linkOf(client: MqttClient, options: SessionOptions, firstRttMs: number): Link {
  const { agentId, clock } = options
  let shortest = firstRttMs
  let last = firstRttMs
  return {
    shortestRttMs: () => shortest,
    lastRttMs: () => last,
    publish: async (channel, payload) => {
      const sentAt = clock.monotonic()
      await client.publishAsync(topicOf(agentId, channel), payload, { qos: channels[channel].qos })
      last = clock.monotonic() - sentAt
      shortest = Math.min(shortest, last)
    },
  }
}

/** One MQTT session over an open stream, from CONNECT to its end. */
export type Session = {
  /** How long it was good, ms; rejects when it never was. */
  ended: Promise<number>
  /** A DISCONNECT at once, whatever is unacknowledged: the outbox still has it. */
  goodbye: () => Promise<void>
}

export function openSession(stream: Duplex, options: SessionOptions): Session {
  const { agentId, clock, log, onMessage } = options
  const startedAt = clock.monotonic()
  const client = createClient(stream, options)
  const closed = new Promise<void>((resolve) => {
    client.once('close', () => resolve())
  })
  client.on('error', (error) => log.debug({ reason: error.message }, 'connection error'))
  client.on('message', (topic, payload) => {
    const parsed = parseTopic(topic)
    if (!parsed || parsed.agentId !== agentId || isUp(parsed.channel)) return
    onMessage(parsed.channel, payload)
  })
  const hold = async (): Promise<number> => {
    try {
      await connected(client)
      const rttMs = clock.monotonic() - startedAt
      await Promise.race([
        subscribe(client, agentId),
        closed.then(() => Promise.reject(new Error('closed while subscribing'))),
      ])
      const readyAt = clock.monotonic()
      options.onReady(linkOf(client, options, rttMs))
      await closed
      return clock.monotonic() - readyAt
    } finally {
      client.end(true)
      stream.destroy()
    }
  }
  return {
    ended: hold(),
    goodbye: async () => {
      for (const id of Object.keys(client.outgoing)) client.removeOutgoingMessage(Number(id))
      // Real time: a socket that does not answer must end on any clock.
      const deadline = setTimeout(() => stream.destroy(), goodbyeMs)
      await client.endAsync().catch(() => {})
      clearTimeout(deadline)
      stream.destroy()
    },
  }
}
