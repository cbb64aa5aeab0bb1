import { connect, type Socket } from 'node:net'
import ModbusRTU from 'modbus-serial'
import { type Clock, seconds } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import { backoffMs } from '../../src/core/loop.ts'

export type ModbusClient = InstanceType<typeof ModbusRTU.default>

/** Why a device on the bus gave no usable answer; the message is short and fit for telemetry. */
export class BusTrouble extends Error {
  override readonly name = 'BusTrouble'
}

export type LinkOptions = {
  host: string
  port: number
  clock: Clock
  log: Log
  /** For connecting and for each answer. */
  timeoutMs: number
}

function openSocket(host: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    const fail = (reason: string) => {
      socket.destroy()
      reject(new BusTrouble(reason))
    }
    socket.setTimeout(timeoutMs, () => fail('no connection'))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      fail(error.code === 'ECONNREFUSED' ? 'connection refused' : 'no connection'),
    )
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.removeAllListeners('timeout')
      socket.removeAllListeners('error')
      // The library stops listening for errors once it thinks that the port is closed.
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}

/**
 * A connection that is made again when needed. A client that lost its peer never recovers and may
 * still call itself open, so each connection gets a new one; refused connections are tried again
 * after a doubling wait of 1 to 60 s, and until then fail at once.
 */
export function createLink({ host, port, clock, log, timeoutMs }: LinkOptions): {
  client: () => Promise<ModbusClient>
  drop: () => void
} {
  let open: { client: ModbusClient; socket: Socket } | undefined
  let failed = { times: 0, until: 0, reason: '' }

  const dial = async () => {
    const socket = await openSocket(host, port, timeoutMs)
    const client = new ModbusRTU.default()
    client.on('error', () => {})
    client.setTimeout(timeoutMs)
    await client.linkTCP(socket, { port })
    return { client, socket }
  }
  const fail = (reason: string) => {
    const times = failed.times + 1
    const waitMs = backoffMs(times, { minMs: seconds(1), maxMs: seconds(60) })
    failed = { times, until: clock.monotonic() + waitMs, reason }
    if (times === 1) log.warn({ host, port, reason }, 'bus cannot be reached')
  }

  return {
    client: async () => {
      if (open && !open.socket.destroyed) return open.client
      if (clock.monotonic() < failed.until) throw new BusTrouble(failed.reason)
      try {
        open = await dial()
      } catch (error) {
        fail(error instanceof BusTrouble ? error.message : 'no connection')
        throw error
      }
      if (failed.times > 0) log.info({ host, port }, 'bus is back')
      failed = { times: 0, until: 0, reason: '' }
      return open.client
    },
    drop: () => {
      open?.socket.destroy()
      open = undefined
    },
  }
}
