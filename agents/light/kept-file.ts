import { z } from 'zod'
import { minutes } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import { messageOf } from '../../src/core/problem.ts'
import { readJson, writeWhole } from './plan-file.ts'
import type { Kept } from './wanted.ts'

const name = 'levels.json'
const KeptLevels = z.object({
  levels: z.record(z.string(), z.number()),
  heldMs: z.number().nonnegative(),
})

/** How much of a hold a restart may forget. */
const savedEveryMs = minutes(10)

/** The last levels wanted, on disk: what a cabinet without a clock goes on with after a restart. */
export function openKeptFile({ folder, log }: { folder: string; log: Log }): {
  kept: Kept | undefined
  /** Writes when it matters. A disk that does not take it must not stop the lights. */
  save: (kept: Kept) => void
} {
  const found = KeptLevels.safeParse(readJson(folder, name))
  const kept = found.success ? found.data : undefined
  let saved = kept
  let failing = false

  const isWorth = (next: Kept): boolean =>
    !saved ||
    Math.abs(next.heldMs - saved.heldMs) >= savedEveryMs ||
    JSON.stringify(next.levels) !== JSON.stringify(saved.levels)

  return {
    kept,
    save: (next) => {
      if (!isWorth(next)) return
      // Also after a failure it is not tried again each second.
      saved = next
      try {
        writeWhole(folder, name, JSON.stringify(next))
        failing = false
      } catch (error) {
        if (!failing) log.error({ reason: messageOf(error) }, 'levels cannot be written down')
        failing = true
      }
    },
  }
}
