import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type Bus, createBus } from '../../agents/light/bus.ts'
import { createModbusMeter } from '../../agents/light/meter.ts'
import { getMeterProfile } from '../../agents/light/meter-profiles.ts'
import { type Clock, createManualClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { answerMs } from '../support/light.ts'
import { until } from '../support/until.ts'

type Request = {
  connection: number
  unitId: number
  from: number
  count: number
  /** Sends a body as the answer to this request. */
  answer: (body: Buffer) => void
}
type Reply = (request: Request) => Buffer | undefined

/** A Modbus TCP door that says whatever a test wants, as transparent gateways do. */
async function openGateway() {
  const requests: Request[] = []
  const sockets = new Set<Socket>()
  const state: { reply: Reply; connections: number; server?: Server } = {
    reply: () => undefined,
    connections: 0,
  }
  const listen = (port: number) =>
    new Promise<number>((resolve) => {
      const server = createServer((socket) => {
        const connection = state.connections
        state.connections += 1
        sockets.add(socket)
        socket.on('error', () => {})
        socket.on('data', (frame: Buffer) => {
          const request = {
            connection,
            unitId: frame.readUInt8(6),
            from: frame.readUInt16BE(8),
            count: frame.readUInt16BE(10),
            answer: (body: Buffer) => {
              socket.write(Buffer.concat([frame.subarray(0, 4), body]))
            },
          }
          requests.push(request)
          const body = state.reply(request)
          if (body) request.answer(body)
        })
      })
      state.server = server
      server.listen(port, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address ? address.port : 0)
      })
    })
  const stop = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy()
      sockets.clear()
      state.server?.close(() => resolve())
    })
  const port = await listen(0)
  return { port, requests, state, stop, listen: () => listen(port) }
}

/** The rest of a frame after the transaction id: length, unit, function, registers. */
function registers(request: Request, values: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt16BE(3 + values.length, 0)
  head.writeUInt8(request.unitId, 2)
  head.writeUInt8(4, 3)
  head.writeUInt8(values.length, 4)
  return Buffer.concat([head, values])
}

const filled = (request: Request, value: number) => {
  const values = Buffer.alloc(request.count * 2)
  for (let at = 0; at < values.length; at += 4) values.writeFloatBE(value, at)
  return registers(request, values)
}

let gateway: Awaited<ReturnType<typeof openGateway>>
const closing: (() => void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) close()
  await gateway.stop()
})

function newBus(clock: Clock) {
  const { port } = gateway
  const bus = createBus({ host: '127.0.0.1', port, clock, log: silentLog, timeoutMs: answerMs })
  closing.push(bus.close)
  return bus
}

const reader = (bus: Bus) => (unitId: number, from: number, count: number) =>
  bus.run(unitId, (client) => client.readInputRegisters(from, count))

const openBus = (clock: Clock) => reader(newBus(clock))

async function begin(reply: Reply) {
  gateway = await openGateway()
  gateway.state.reply = reply
  const clock = createManualClock(Date.UTC(2026, 2, 1))
  const bus = newBus(clock)
  return { gateway, clock, bus, read: reader(bus) }
}

describe('one request at a time', () => {
  test('the next one leaves only after the answer to the one before', async () => {
    const { read, gateway: door } = await begin(() => undefined)
    const first = read(1, 0, 2)
    const second = read(2, 10, 4)
    const asked = await until(() => door.requests[0])
    await new Promise((resolve) => setImmediate(resolve))
    expect(door.requests).toHaveLength(1)
    door.state.reply = (request) => filled(request, 2)
    asked.answer(filled(asked, 1))
    expect((await first).buffer.readFloatBE(0)).toBe(1)
    expect((await second).buffer.readFloatBE(0)).toBe(2)
  })

  test('each request carries its own unit id, also when many wait', async () => {
    const { read, gateway: door } = await begin((request) => filled(request, request.unitId))
    const units = [1, 2, 3, 2, 1]
    const answers = await Promise.all(units.map((unitId) => read(unitId, 0, 2)))
    expect(answers.map(({ buffer }) => buffer.readFloatBE(0))).toEqual(units)
    expect(door.state.connections).toBe(1)
  })
})

describe('after a request without answer', () => {
  test('the line stays quiet for longer than a late answer takes, then a new connection', async () => {
    const { read, clock, gateway: door } = await begin(() => undefined)
    await expect(read(1, 0, 2)).rejects.toThrow('no answer')
    door.state.reply = (request) => filled(request, 7)
    const next = read(1, 100, 2)
    clock.advance(answerMs + 199)
    // Whoever is free to ask has long been answered when others have asked three times.
    for (const unitId of [11, 12, 13]) await openBus(clock)(unitId, 0, 2)
    expect(door.requests.map(({ unitId }) => unitId)).toEqual([1, 11, 12, 13])
    clock.advance(1)
    expect((await next).buffer.readFloatBE(0)).toBe(7)
    expect(door.requests.map(({ connection }) => connection)).toEqual([0, 1, 2, 3, 4])
  })

  test('an answer of the wrong length is none', async () => {
    const {
      read,
      clock,
      gateway: door,
    } = await begin((request) => registers(request, Buffer.alloc(10)))
    await expect(read(1, 0, 2)).rejects.toThrow(/length/)
    door.state.reply = (request) => filled(request, 7)
    const next = read(1, 0, 2)
    clock.advance(answerMs + 200)
    expect((await next).buffer.readFloatBE(0)).toBe(7)
    expect(door.state.connections).toBe(2)
  })

  test('an exception is an answer: same connection, no pause', async () => {
    const { read, gateway: door } = await begin((request) =>
      Buffer.from([0, 3, request.unitId, 0x84, 2]),
    )
    await expect(read(1, 0, 2)).rejects.toThrow('exception 2')
    door.state.reply = (request) => filled(request, 7)
    expect((await read(1, 0, 2)).buffer.readFloatBE(0)).toBe(7)
    expect(door.state.connections).toBe(1)
  })
})

test('a refused connection is not tried again at once, and then works', async () => {
  const { read, clock, gateway: door } = await begin((request) => filled(request, 7))
  await door.stop()
  await expect(read(1, 0, 2)).rejects.toThrow('connection refused')
  await door.listen()
  await expect(read(1, 0, 2)).rejects.toThrow('connection refused')
  expect(door.state.connections).toBe(0)
  clock.advance(1000)
  expect((await read(1, 0, 2)).buffer.readFloatBE(0)).toBe(7)
})

test('a peer that closes the connection is dialled again', async () => {
  const { read, clock, gateway: door } = await begin((request) => filled(request, 7))
  await read(1, 0, 2)
  await door.stop()
  await door.listen()
  await until(async () => {
    clock.advance(60_000)
    return (await read(1, 0, 2)).buffer.readFloatBE(0) === 7
  })
  expect(door.state.connections).toBe(2)
})

test('a closed bus asks nothing more', async () => {
  const { read, bus, gateway: door } = await begin((request) => filled(request, 7))
  bus.close()
  await expect(read(1, 0, 2)).rejects.toThrow('closed')
  expect(door.requests).toHaveLength(0)
})

describe('a meter behind a gateway that passes late answers on', () => {
  const meterOf = async (reply: Reply) => {
    const begun = await begin(reply)
    const profile = getMeterProfile('sdm630')
    const meter = createModbusMeter({ bus: begun.bus, unitId: 1, profile })
    return { ...begun, read: () => meter.read(new AbortController().signal) }
  }
  const good: Reply = (request) => filled(request, request.from === 0 ? 220 : 50)

  test('the answer to another block is refused by its length', async () => {
    const { read } = await meterOf((request) =>
      filled({ ...request, count: request.from === 0 ? 24 : 36 }, 220),
    )
    expect(await read()).toMatchObject({ ok: false, reason: expect.stringMatching(/length/) })
  })

  test('registers of somewhere else are refused, because no voltage stands where one must', async () => {
    const { read } = await meterOf((request) => filled(request, 5))
    expect(await read()).toEqual({
      ok: false,
      reason: 'not this meter: no mains value where one must be',
    })
  })

  test('a reading needs all of its blocks', async () => {
    const { read, gateway: door } = await meterOf((request) =>
      request.from === 0 ? filled(request, 220) : undefined,
    )
    expect(await read()).toEqual({ ok: false, reason: 'no answer' })
    expect(door.requests).toHaveLength(2)
  })

  test('a reading that was given up asks no further block', async () => {
    const { bus, gateway: door } = await begin(good)
    const meter = createModbusMeter({ bus, unitId: 1, profile: getMeterProfile('sdm630') })
    expect(await meter.read(AbortSignal.abort())).toEqual({ ok: false, reason: 'given up' })
    expect(door.requests).toHaveLength(0)
  })
})
