import { faults } from '../faults/catalogue.ts'

/** What one hub knows of time; epoch ms. */
export type HubKnowledge = {
  /** Everything accepted before this moment has been applied. */
  watermark: number
  /** It has been listening since. */
  listeningSince: number
  aliveUntil: number
}

export type Knowledge = { watermark: number; listeningSince: number }

/**
 * What the hubs know together: as far as the slowest living one, listening since the one that has
 * listened longest. Undefined while none is known. Pure. A dead hub's unread span counts as not
 * known, but does not stop the others from knowing theirs.
 */
export function commonKnowledge(hubs: readonly HubKnowledge[], now: number): Knowledge | undefined {
  const alive = hubs.filter((hub) => hub.aliveUntil >= now)
  if (alive.length === 0) return undefined
  return {
    watermark: Math.min(...alive.map((hub) => hub.watermark)),
    listeningSince: Math.min(...alive.map((hub) => hub.listeningSince)),
  }
}

/**
 * Agents not heard of since this moment are silent; undefined when nobody can be. Judged by
 * watermark, not by the wall clock: between the watermark and now nobody knows, and before we
 * listened we could not hear. Our own outage is nobody's silence.
 */
export function silentBefore({ watermark, listeningSince }: Knowledge): number | undefined {
  const edge = watermark - faults['agent-silent'].holdMs
  return edge > listeningSince ? edge : undefined
}
