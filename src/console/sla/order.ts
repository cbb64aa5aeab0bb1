import type { z } from 'zod'
import type { SlaClocks } from '../../contract/api/operations.ts'

export type Clocks = z.infer<typeof SlaClocks>

const rank = { breached: 0, running: 1, met: 2 } as const
const rankOf = (clocks: Clocks) =>
  Math.min(rank[clocks.response.state], rank[clocks.resolution.state])

/** Breached first, then what still runs by what is due first. Pure. */
export const inOrder = (all: readonly Clocks[]): Clocks[] =>
  [...all].sort(
    (a, b) =>
      rankOf(a) - rankOf(b) || Date.parse(a.resolution.dueAt) - Date.parse(b.resolution.dueAt),
  )
