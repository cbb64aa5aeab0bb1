import type { AddressInfo, Server } from 'node:net'
import { ServerTCP } from 'modbus-serial'
import type { Clock } from '../../src/core/clock.ts'
import type { CabinetModel } from './cabinet-model.ts'

/**
 * A cabinet that speaks Modbus TCP: an Eastron SDM630 and an eight-coil relay board behind one
 * gateway, on the physical model. The register table is written down here a second time on purpose:
 * a mistake in the agent's profile must not hide in its own mirror.
 */

export type Line = 'meter' | 'relays'

export type LineFaults = {
  /** Requests are taken and never answered. */
  noAnswer?: boolean
  /** Answers come this much later, by the injected clock. */
  lateMs?: number
  /** Every request is answered with this Modbus exception. */
  exception?: number
  /** Relays only: writes are acknowledged and do nothing. */
  deaf?: boolean
}

export type FakeCabinet = {
  port: () => number
  /** Replaces the faults of a line; no argument heals it. */
  setLine: (line: Line, faults?: LineFaults) => void
  /** `meter 0x34+24`, `relays read`, `relays 0=on`: what was asked last, at most 1000. */
  requests: readonly string[]
  /** Closes the port and all connections. */
  stop: () => Promise<void>
  /** Opens it again, on the same port. */
  start: () => Promise<void>
}

type Answer = <T>(line: Line, asked: string, work: () => T) => Promise<T>

type Register = { name: string; scale: number }

const perPhase = (from: number, name: string): [number, Register][] =>
  ['A', 'B', 'C'].map((phase, index) => [
    from + 2 * index,
    { name: `phase:${phase}/${name}`, scale: 1 },
  ])

/** Input registers, each a float32 with the high word first. */
const sdm630 = new Map<number, Register>([
  ...perPhase(0x00, 'v'),
  ...perPhase(0x06, 'i'),
  ...perPhase(0x0c, 'p'),
  ...perPhase(0x1e, 'pf'),
  [0x34, { name: 'meter:1/p', scale: 1 }],
  [0x46, { name: 'meter:1/hz', scale: 1 }],
  [0x48, { name: 'meter:1/energy_wh', scale: 0.001 }],
])
const lastRegister = 0x0180
const mostRegisters = 80
const coilCount = 8

const refusal = (modbusErrorCode: number): Error =>
  Object.assign(new Error(`exception ${modbusErrorCode}`), { modbusErrorCode })

function readRegisters(values: Record<string, number>, from: number, count: number): number[] {
  if (from + count > lastRegister || count > mostRegisters) throw refusal(2)
  const image = Buffer.alloc((lastRegister + 2) * 2)
  for (const [at, { name, scale }] of sdm630) {
    image.writeFloatBE((values[name] ?? 0) * scale, at * 2)
  }
  return Array.from({ length: count }, (_, index) => image.readUInt16BE((from + index) * 2))
}

type Vector = ConstructorParameters<typeof ServerTCP>[0]

function vectorOf(options: {
  model: CabinetModel
  answer: Answer
  isDeaf: () => boolean
  lineOf: (unitId: number) => Line
}): Vector {
  const { model, answer, isDeaf, lineOf } = options
  const expect = (unitId: number, line: Line) => {
    if (lineOf(unitId) !== line) throw refusal(1)
  }
  const checkCoil = (coil: number) => {
    if (coil >= coilCount) throw refusal(2)
  }

  return {
    // The library takes no promise here, and reads `values` also beside an error.
    getMultipleInputRegisters: (
      from: number,
      count: number,
      unitId: number,
      done: (error: Error | null, values: number[]) => void,
    ) => {
      const asked = `0x${from.toString(16)}+${count}`
      Promise.try(() => {
        expect(unitId, 'meter')
        return answer('meter', asked, () => readRegisters(model.read(), from, count))
      }).then(
        (values) => done(null, values),
        (error) => done(error, []),
      )
    },
    getCoil: async (coil: number, unitId: number) => {
      expect(unitId, 'relays')
      return answer('relays', `read ${coil}`, () => {
        checkCoil(coil)
        return model.coil(coil)
      })
    },
    setCoil: async (coil: number, on: boolean, unitId: number) => {
      expect(unitId, 'relays')
      return answer('relays', `${coil}=${on ? 'on' : 'off'}`, () => {
        checkCoil(coil)
        if (!isDeaf()) model.setCoil(coil, on)
      })
    },
  }
}

function openServer(vector: Vector, wish: number): Promise<{ server: ServerTCP; port: number }> {
  return new Promise((resolve, reject) => {
    // A number 0 would mean 502 to the library; the text is passed on to `listen` as it is.
    const port = (wish || '0') as number
    const server = new ServerTCP(vector, { host: '127.0.0.1', port, unitID: 255 })
    server.on('serverError', reject)
    server.on('socketError', () => {})
    server.on('initialized', () => {
      // The library does not tell the port it was given.
      const { _server } = server as unknown as { _server: Server }
      resolve({ server, port: (_server.address() as AddressInfo).port })
    })
  })
}

export async function createFakeCabinet(options: {
  model: CabinetModel
  clock: Clock
  meterId?: number
  relaysId?: number
}): Promise<FakeCabinet> {
  const { model, clock, meterId = 1, relaysId = 2 } = options
  const lines: Record<Line, LineFaults> = { meter: {}, relays: {} }
  const requests: string[] = []
  let server: ServerTCP | undefined
  let port = 0

  const answer: Answer = (line, asked, work) => {
    requests.push(`${line} ${asked}`)
    if (requests.length > 1000) requests.shift()
    const { noAnswer, lateMs, exception } = lines[line]
    if (exception !== undefined) return Promise.reject(refusal(exception))
    if (noAnswer) return new Promise(() => {})
    // Taken now, told later: a late answer carries what was true when it was asked for.
    const done = Promise.try(work)
    return lateMs ? clock.sleep(lateMs).then(() => done) : done
  }
  const lineOf = (unitId: number): Line => {
    if (unitId === meterId) return 'meter'
    if (unitId === relaysId) return 'relays'
    throw refusal(11)
  }
  const isDeaf = () => lines.relays.deaf === true
  const vector = vectorOf({ model, answer, isDeaf, lineOf })
  const start = async () => {
    const opened = await openServer(vector, port)
    server = opened.server
    port = opened.port
  }
  const stop = () =>
    new Promise<void>((resolve) => {
      if (!server) return resolve()
      server.close(() => resolve())
      server = undefined
    })

  await start()
  return {
    port: () => port,
    setLine: (line, faults = {}) => {
      lines[line] = faults
    },
    requests,
    stop,
    start,
  }
}
