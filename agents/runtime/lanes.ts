import type { Envelope } from '../../src/contract/wire/common.ts'

/**
 * Which record goes next over one connection. Live records go first and as fast as the window of
 * unacknowledged publishes allows; what is older follows at a bounded rate in its own, smaller
 * window, so that history can never starve the present.
 */
export type Lanes = {
  /** Records of now, in order; the birth is the first one. */
  live: readonly number[]
  inFlight: ReadonlyMap<number, Envelope['lane']>
  /** Nothing but the birth is sent until it is acknowledged. */
  birth: number | undefined
  /** Tokens of the backlog's rate, as of monotonic time `mono`. */
  tokens: number
  mono: number
}

export type LaneLimits = { window: number; backlogWindow: number; backlogPerSecond: number }

export const laneLimits: LaneLimits = { window: 32, backlogWindow: 8, backlogPerSecond: 20 }

/** A new connection: the birth, then the other live records; everything else is backlog. */
export const openLanes = (
  birth: number | undefined,
  live: readonly number[],
  mono: number,
): Lanes => ({
  live: birth === undefined ? live : [birth, ...live.filter((n) => n !== birth)],
  inFlight: new Map(),
  birth,
  tokens: 0,
  mono,
})

export const addLive = (lanes: Lanes, n: number): Lanes =>
  lanes.live.includes(n) ? lanes : { ...lanes, live: [...lanes.live, n] }

export function acknowledge(lanes: Lanes, n: number): Lanes {
  const inFlight = new Map(lanes.inFlight)
  inFlight.delete(n)
  return { ...lanes, inFlight, birth: lanes.birth === n ? undefined : lanes.birth }
}

/** True when the record is not the backlog's to send: on its way, or waiting in the live lane. */
export const isTaken = (lanes: Lanes, n: number): boolean =>
  lanes.inFlight.has(n) || lanes.live.includes(n)

function refill(lanes: Lanes, mono: number, limits: LaneLimits): Lanes {
  const gained = (Math.max(0, mono - lanes.mono) / 1000) * limits.backlogPerSecond
  const most = Math.max(1, Math.min(limits.backlogWindow, limits.backlogPerSecond))
  return { ...lanes, tokens: Math.min(most, lanes.tokens + gained), mono }
}

const begin = (lanes: Lanes, n: number, lane: Envelope['lane']): Lanes => ({
  ...lanes,
  inFlight: new Map(lanes.inFlight).set(n, lane),
})

export type NextStep = {
  lanes: Lanes
  send?: { n: number; lane: Envelope['lane'] }
  /** Nothing to send now, but there will be after this time; absent = an ack or a record wakes. */
  waitMs?: number
}

/** `oldest` finds the oldest record that is not taken; asked only when the backlog may go. */
export function nextToSend(
  before: Lanes,
  oldest: () => number | undefined,
  now: { mono: number; limits: LaneLimits },
): NextStep {
  const { limits } = now
  const lanes = refill(before, now.mono, limits)
  const [first, ...rest] = lanes.live
  const mayLive = lanes.inFlight.size < limits.window && (lanes.birth ?? first) === first
  if (first !== undefined && mayLive) {
    return {
      lanes: begin({ ...lanes, live: rest }, first, 'live'),
      send: { n: first, lane: 'live' },
    }
  }
  if (lanes.birth !== undefined || first !== undefined || isBacklogFull(lanes, limits)) {
    return { lanes }
  }
  const n = oldest()
  if (n === undefined) return { lanes }
  if (lanes.tokens < 1) {
    return { lanes, waitMs: Math.ceil(((1 - lanes.tokens) / limits.backlogPerSecond) * 1000) }
  }
  const paid = { ...lanes, tokens: lanes.tokens - 1 }
  return { lanes: begin(paid, n, 'backlog'), send: { n, lane: 'backlog' } }
}

/** One place of the whole window is never the backlog's: a live record always finds it free. */
function isBacklogFull(lanes: Lanes, limits: LaneLimits): boolean {
  const inFlight = [...lanes.inFlight.values()].filter((lane) => lane === 'backlog').length
  return inFlight >= limits.backlogWindow || lanes.inFlight.size >= limits.window - 1
}
