import { type Clock, seconds } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import { messageOf } from '../../src/core/problem.ts'
import { BusTrouble, createLink, type ModbusClient } from './modbus-link.ts'

/**
 * One Modbus TCP address, shared by whatever stands behind it. Promises one request at a time;
 * after a request without a proper answer the connection is thrown away and the line is left quiet
 * for longer than a late answer takes, so that none is ever taken for the answer to the next
 * request, also behind a gateway to a serial line.
 */
export type Bus = {
  /** Runs `work`, which makes exactly one request, in its turn; rejects with BusTrouble. */
  run: <T>(unitId: number, work: (client: ModbusClient) => Promise<T>) => Promise<T>
  close: () => void
}

/** The exception code of an answer; `undefined` when there was no proper answer. */
const exceptionOf = (error: unknown): number | undefined =>
  error instanceof Error && 'modbusCode' in error ? Number(error.modbusCode) : undefined

function troubleOf(error: unknown): BusTrouble {
  if (error instanceof BusTrouble) return error
  const exception = exceptionOf(error)
  if (exception !== undefined) return new BusTrouble(`exception ${exception}`, { cause: error })
  // The library's own errors are not all of class Error.
  const { errno } = error as { errno?: unknown }
  const reason = errno === 'ETIMEDOUT' ? 'no answer' : messageOf(error).slice(0, 100)
  return new BusTrouble(reason, { cause: error })
}

export function createBus(options: {
  host: string
  port: number
  clock: Clock
  log: Log
  /** For connecting and for each answer; at 9600 baud not below a second. */
  timeoutMs?: number
  /** Silence between two requests, for gateways to a serial line. */
  gapMs?: number
}): Bus {
  const { clock, timeoutMs = seconds(1), gapMs = 0 } = options
  const link = createLink({ ...options, timeoutMs })
  let turn: Promise<unknown> = Promise.resolve()
  let quietUntil = 0
  let closed = false

  const ask = async <T>(unitId: number, work: (client: ModbusClient) => Promise<T>): Promise<T> => {
    const waitMs = quietUntil - clock.monotonic()
    if (waitMs > 0) await clock.sleep(waitMs)
    if (closed) throw new BusTrouble('closed')
    const client = await link.client()
    try {
      // The id belongs to the client as a whole: it is set in the same tick as the request.
      client.setID(unitId)
      const result = await work(client)
      quietUntil = clock.monotonic() + gapMs
      return result
    } catch (error) {
      if (exceptionOf(error) === undefined) {
        link.drop()
        quietUntil = clock.monotonic() + timeoutMs + 200
      }
      throw error
    }
  }

  return {
    run: (unitId, work) => {
      const mine = turn
        .then(() => ask(unitId, work))
        .catch((error) => Promise.reject(troubleOf(error)))
      turn = mine.catch(() => {})
      return mine
    },
    close: () => {
      closed = true
      link.drop()
    },
  }
}
