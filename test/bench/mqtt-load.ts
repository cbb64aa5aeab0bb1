import { connect, type Socket } from 'node:net'
import { generate } from 'mqtt-packet'

/** A publisher as lean as can be, so that the load costs little beside what it measures. */
export type Publisher = {
  publish: (topic: string, payload: Buffer, onAck: () => void) => void
  pending: () => number
  closed: () => boolean
  end: () => void
}

const ackType = 0x40

function remainingLength(length: number): Buffer {
  const bytes: number[] = []
  let left = length
  do {
    const byte = left % 128
    left = Math.floor(left / 128)
    bytes.push(left > 0 ? byte | 128 : byte)
  } while (left > 0)
  return Buffer.from(bytes)
}

/** QoS 1 PUBLISH by hand: header, topic, message id, payload. */
function publishPacket(topic: Buffer, messageId: number, payload: Buffer): Buffer[] {
  const length = remainingLength(2 + topic.length + 2 + payload.length)
  const head = Buffer.allocUnsafe(1 + length.length + 2 + topic.length + 2)
  head[0] = 0x32
  length.copy(head, 1)
  head.writeUInt16BE(topic.length, 1 + length.length)
  topic.copy(head, 3 + length.length)
  head.writeUInt16BE(messageId, 3 + length.length + topic.length)
  return [head, payload]
}

/** Connects, resolves after CONNACK; throws with the return code when refused. */
export function connectPublisher(options: {
  port: number
  clientId: string
  username?: string
  password?: string
  keepalive?: number
}): Promise<Publisher> {
  const { port, clientId, username, password, keepalive = 60 } = options
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true })
    const waiting = new Map<number, () => void>()
    const topics = new Map<string, Buffer>()
    let nextId = 0
    let rest: Buffer = Buffer.alloc(0)
    let isOpen = false
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.write(
        generate({
          cmd: 'connect',
          protocolId: 'MQTT',
          protocolVersion: 4,
          clean: true,
          clientId,
          keepalive,
          ...(username === undefined ? {} : { username, password: Buffer.from(password ?? '') }),
        } as never),
      )
    })
    const publisher: Publisher = {
      publish: (topic, payload, onAck) => {
        nextId = (nextId % 65_535) + 1
        waiting.set(nextId, onAck)
        const name = topics.get(topic) ?? Buffer.from(topic)
        topics.set(topic, name)
        socket.cork()
        for (const part of publishPacket(name, nextId, payload)) socket.write(part)
        process.nextTick(() => socket.uncork())
      },
      pending: () => waiting.size,
      closed: () => socket.destroyed,
      end: () => socket.destroy(),
    }
    const take = (type: number, body: Buffer) => {
      if (!isOpen) {
        isOpen = true
        socket.off('error', reject)
        socket.on('error', () => {})
        return body[1] === 0
          ? resolve(publisher)
          : reject(new Error(`refused with code ${body[1]}`))
      }
      if (type !== ackType) return
      const id = body.readUInt16BE(0)
      const onAck = waiting.get(id)
      waiting.delete(id)
      onAck?.()
    }
    socket.on('data', (chunk: Buffer) => {
      rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      let from = 0
      // What comes back here is short: one byte of length is enough, but for desired sections.
      while (rest.length - from >= 2) {
        let length = 0
        let size = 0
        let byte = 0
        do {
          byte = rest[from + 1 + size] ?? 0
          length += (byte & 127) * 128 ** size
          size += 1
        } while (byte & 128 && from + 1 + size < rest.length)
        if (rest.length - from < 1 + size + length) break
        take((rest[from] ?? 0) & 0xf0, rest.subarray(from + 1 + size, from + 1 + size + length))
        from += 1 + size + length
      }
      rest = rest.subarray(from)
    })
    socket.once('close', () => {
      if (!isOpen) reject(new Error('closed before CONNACK'))
    })
  })
}
