/** One relay with the contactor behind it, as the engine knows it; times are monotonic ms. */
export type Contactor = {
  /** What is wanted of it; null = it is left as it is. */
  want: boolean | null
  /** What it read back last; null = not known. */
  on: boolean | null
  /** The last switching that we wrote. */
  written?: { on: boolean; at: number }
  /** When `want` or `on` last changed. */
  changedAt: number
  /** Writes in a row that it did not follow. */
  ignored: number
}

/** The shortest time between switching on and off again, and between off and on. */
export type Interlock = { minOnMs: number; minOffMs: number }

export const newContactor = (now: number): Contactor => ({
  want: null,
  on: null,
  changedAt: now,
  ignored: 0,
})

/**
 * May the relay be written to `want` now? Protects lamps and contactor from chatter. Asserting the
 * same state again is never held back: a board that lost its power is set right at once.
 */
export function maySwitch(
  { written }: Contactor,
  want: boolean,
  { now, minOnMs, minOffMs }: Interlock & { now: number },
): boolean {
  if (!written || written.on === want) return true
  return now - written.at >= (written.on ? minOnMs : minOffMs)
}

export const onWanted = (before: Contactor, want: boolean | null, now: number): Contactor =>
  before.want === want ? before : { ...before, want, changedAt: now, ignored: 0 }

/** `null`: the board could not be read, so nothing is known any more. */
export const onRead = (before: Contactor, on: boolean | null, now: number): Contactor =>
  before.on === on ? before : { ...before, on, changedAt: now }

/** The same state asserted again is no new switching. */
export const onWrite = (before: Contactor, on: boolean, now: number): Contactor =>
  before.written?.on === on ? before : { ...before, written: { on, at: now } }

/** After a write and a look: does it follow? */
export const onVerified = (before: Contactor): Contactor => ({
  ...before,
  ignored: before.on === before.want ? 0 : before.ignored + 1,
})

/** After this many ignored writes a relay is asked again only with the regular look. */
export const patience = 3

/** Is it time to write this relay? `regular`: the board was looked at because it was time. */
export function isDue(
  contactor: Contactor,
  { regular, ...when }: Interlock & { now: number; regular: boolean },
): boolean {
  const { want, on, ignored } = contactor
  if (want === null || on === want) return false
  if (ignored >= patience && !regular) return false
  return maySwitch(contactor, want, when)
}
