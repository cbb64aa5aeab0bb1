import { type Clock, seconds } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import { messageOf } from '../../src/core/problem.ts'
import {
  type Contactor,
  type Interlock,
  isDue,
  newContactor,
  onRead,
  onVerified,
  onWanted,
  onWrite,
  patience,
} from './contactor.ts'
import type { Relays } from './relays.ts'

export type KeptCircuit = { part: string; coil: number }

/**
 * Keeps the relays as they are wanted. Promises: a relay is believed only as far as it was read
 * back; each write is verified by reading; the board is looked at every 60 s and what it lost is
 * asserted again; a board that does not answer is asked again every 5 s.
 */
export type RelayKeeper = {
  /** One round: look if it is time, write what differs and may be switched, look again. */
  follow: (wants: ReadonlyMap<string, boolean | null>) => Promise<void>
  contactor: (part: string) => Contactor
  /** Why the board cannot be read or written; absent when it can. */
  trouble: () => string | undefined
}

type RelayKeeperOptions = {
  circuits: readonly KeptCircuit[]
  relays: Relays
  clock: Clock
  log: Log
  interlock?: Interlock
  lookEveryMs?: number
  onSwitched?: () => void
}

function tell(log: Log, part: string, { want, on, ignored }: Contactor): void {
  if (ignored === 0) log.info({ part, on }, 'circuit switched')
  else if (ignored === patience) log.warn({ part, want, on }, 'relay does not follow')
}

export function createRelayKeeper(options: RelayKeeperOptions): RelayKeeper {
  const { circuits, relays, clock, log } = options
  const interlock = options.interlock ?? { minOnMs: seconds(60), minOffMs: seconds(60) }
  const lookEveryMs = options.lookEveryMs ?? seconds(60)
  const contactors = new Map(
    circuits.map(({ part }) => [part, newContactor(clock.monotonic())] as const),
  )
  let lookAt = 0
  let retryAt = 0
  let trouble: string | undefined

  const get = (part: string): Contactor => contactors.get(part) ?? newContactor(clock.monotonic())
  const change = (part: string, to: (before: Contactor, now: number) => Contactor) =>
    contactors.set(part, to(get(part), clock.monotonic()))
  const learn = (states: readonly boolean[] | undefined) => {
    for (const { part, coil } of circuits) {
      change(part, (before, now) => onRead(before, states?.[coil] ?? null, now))
    }
  }
  const look = async () => {
    learn(await relays.read())
    lookAt = clock.monotonic() + lookEveryMs
  }
  const write = async ({ part, coil }: KeptCircuit) => {
    const want = get(part).want === true
    // Noted before it is done: an answer that gets lost may still have switched.
    change(part, (before, now) => onWrite(before, want, now))
    await relays.write(coil, want)
  }
  const round = async () => {
    const regular = clock.monotonic() >= lookAt
    if (regular || circuits.some(({ part }) => get(part).on === null)) await look()
    const when = { ...interlock, now: clock.monotonic(), regular }
    const due = circuits.filter(({ part }) => isDue(get(part), when))
    if (due.length === 0) return
    for (const circuit of due) await write(circuit)
    await look()
    for (const { part } of due) {
      change(part, onVerified)
      tell(log, part, get(part))
    }
    options.onSwitched?.()
  }
  const fail = (error: unknown) => {
    const reason = messageOf(error)
    if (trouble === undefined) log.warn({ reason }, 'relays do not answer')
    trouble = reason
    retryAt = clock.monotonic() + seconds(5)
    learn(undefined)
  }

  return {
    follow: async (wants) => {
      for (const [part, want] of wants) change(part, (before, now) => onWanted(before, want, now))
      if (clock.monotonic() < retryAt) return
      try {
        await round()
        if (trouble !== undefined) log.info('relays answer again')
        trouble = undefined
      } catch (error) {
        fail(error)
      }
    },
    contactor: get,
    trouble: () => trouble,
  }
}
