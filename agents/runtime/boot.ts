import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Clock } from '../../src/core/clock.ts'

/** One run of the machine: its id, and the milliseconds since it began. */
export type Boot = { id: string; mono: () => number }

/** A boot that begins with this process. */
export function processBoot(clock: Clock): Boot {
  const start = clock.monotonic()
  return { id: randomBytes(4).toString('hex'), mono: () => clock.monotonic() - start }
}

/**
 * The machine's own boot where the system names it (Linux), so that a restarted agent still knows
 * how old its earlier records are; else the process. Only for the machine's clock.
 */
export function machineBoot(clock: Clock): Boot {
  try {
    const id = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
    if (!/^[0-9a-f]{8}$/.test(id)) return processBoot(clock)
    // CLOCK_MONOTONIC is the same for every process of one boot.
    const ahead = Number(process.hrtime.bigint()) / 1e6 - clock.monotonic()
    return { id, mono: () => clock.monotonic() + ahead }
  } catch {
    return processBoot(clock)
  }
}
