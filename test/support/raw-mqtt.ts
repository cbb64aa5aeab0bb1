import net from 'node:net'
import type { Duplex } from 'node:stream'
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet'
import { until } from './until.ts'

export type RawMqtt = {
  conn: Duplex
  /** Every packet that came from the broker, in order. */
  packets: Packet[]
  /** Every byte that came, as text: for those who answer in another language. */
  text: () => string
  write: (bytes: Uint8Array | string) => void
  send: (...packets: Packet[]) => void
  /** Waits for the CONNACK and gives its return code. */
  connect: (options: Partial<IConnectPacket> & { clientId: string }) => Promise<number>
  acks: () => number[]
  isClosed: () => boolean
  closed: () => Promise<unknown>
  end: () => void
}

export const connectPacket = (
  options: Partial<IConnectPacket> & { clientId: string },
): IConnectPacket => ({
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 4,
  clean: true,
  keepalive: 60,
  ...options,
})

export const publishPacket = (
  topic: string,
  options: { id?: number; qos?: 0 | 1 | 2; payload?: string | Buffer; retain?: boolean } = {},
): Packet => {
  const { id, payload = '{}', retain = false } = options
  const qos = options.qos ?? (id === undefined ? 0 : 1)
  const messageId = id === undefined ? {} : { messageId: id }
  return { cmd: 'publish', topic, payload, qos, retain, dup: false, ...messageId }
}

/** A client that says exactly what a test tells it to, on a connection of any kind. */
export function speakMqtt(conn: Duplex): RawMqtt {
  const packets: Packet[] = []
  const heard: Buffer[] = []
  const reader = parser()
  let isClosed = false
  reader.on('packet', (packet) => packets.push(packet))
  reader.on('error', () => {})
  conn.on('data', (bytes: Buffer) => {
    heard.push(bytes)
    reader.parse(bytes)
  })
  conn.on('error', () => {})
  conn.on('close', () => {
    isClosed = true
  })
  const send = (...all: Packet[]) => {
    conn.write(Buffer.concat(all.map((packet) => generate(packet))))
  }
  return {
    conn,
    packets,
    text: () => Buffer.concat(heard).toString(),
    write: (bytes) => void conn.write(bytes),
    send,
    connect: async (options) => {
      send(connectPacket(options))
      const answer = await until(() => packets.find((packet) => packet.cmd === 'connack'), {
        what: 'a CONNACK',
      })
      return answer.cmd === 'connack' ? (answer.returnCode ?? -1) : -1
    },
    acks: () =>
      packets.flatMap((packet) =>
        packet.cmd === 'puback' && packet.messageId !== undefined ? [packet.messageId] : [],
      ),
    isClosed: () => isClosed,
    closed: () => until(() => isClosed, { what: 'the connection to be closed' }),
    end: () => conn.destroy(),
  }
}

export const dial = (port: number): RawMqtt =>
  speakMqtt(net.connect({ port, host: '127.0.0.1', noDelay: true }))
