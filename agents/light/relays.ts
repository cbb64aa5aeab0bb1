import type { Bus } from './bus.ts'

/** A relay board as the engine sees it. Both reject when the board gives no proper answer. */
export type Relays = {
  /** What the coils read back, by coil number. */
  read: () => Promise<readonly boolean[]>
  /** Acknowledged by the board; whether the coil follows, only reading tells. */
  write: (coil: number, on: boolean) => Promise<void>
}

/** Relays by coils (function codes 1 and 5), as Waveshare's boards and their like have them. */
export function createModbusRelays(options: {
  bus: Bus
  unitId: number
  /** The highest coil in use. */
  lastCoil: number
}): Relays {
  const { bus, unitId, lastCoil } = options
  const count = lastCoil + 1
  return {
    read: async () => {
      const { data } = await bus.run(unitId, (client) => client.readCoils(0, count))
      if (data.length < count) throw new Error('answer of another length')
      return data.slice(0, count)
    },
    write: async (coil, on) => {
      await bus.run(unitId, (client) => client.writeCoil(coil, on))
    },
  }
}
