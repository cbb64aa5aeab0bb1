import type { z } from 'zod'
import type { InventoryUnit } from '../../src/contract/wire/messages.ts'
import { planFormat } from '../../src/contract/wire/plan.ts'
import { type Clock, minutes, seconds, type Timer } from '../../src/core/clock.ts'
import { rulesVersion } from '../../src/faults/catalogue.ts'
import { fingerprint, type JudgedUnit, untimedSet } from './conditions.ts'
import type { Outbox } from './outbox.ts'
import { type Body, type OutgoingRecord, toConditions } from './recorder-of-records.ts'
import type { Sections } from './sections.ts'
import type { Timekeeper } from './timekeeper.ts'

export type Inventory = z.infer<typeof InventoryUnit>
type KnownUnit = JudgedUnit & { inventory?: Inventory }

export type AnnouncerOptions = {
  version: string
  capabilities: readonly string[]
  time: Timekeeper
  outbox: Outbox
  sections: Pick<Sections, 'held'>
  clock: Clock
  /** In [0, 1). */
  random: () => number
  isConnected: () => boolean
  /** A record was written that should go out now. */
  onAdded: (n: number) => void
}

/** Says who the agent is and what is wrong: births, and the full set of conditions. */
export type Announcer = {
  write: (record: OutgoingRecord) => number | undefined
  birth: () => number | undefined
  conditions: () => number | undefined
  /** Something may have changed: a new set soon, if it says something else. */
  check: () => void
  /** As `check`, at once. */
  checkNow: () => void
  stop: () => void
}

const repeatEveryMs = minutes(5)
/** Changes of several units that come together make one set. */
const settleMs = seconds(0.2)

const birthOf = (
  { version, capabilities, sections }: AnnouncerOptions,
  units: readonly KnownUnit[],
): Body<'birth'> => ({
  version,
  plan: { format: planFormat },
  rules: rulesVersion,
  capabilities: [...new Set(capabilities)],
  inventory: units.flatMap((one) => one.inventory ?? []),
  held: sections.held(),
})

export function createAnnouncer(
  options: AnnouncerOptions,
  units: () => readonly KnownUnit[],
): Announcer {
  const { time, outbox, clock } = options
  let said: { print: string; n: number | undefined } | undefined
  let settling: Timer | undefined
  let repeating: Timer | undefined

  const write = ({ channel, body }: OutgoingRecord) =>
    outbox.add({ channel, stamp: time.stamp(), body })
  const tell = (n: number | undefined) => {
    if (n !== undefined) options.onAdded(n)
  }
  const currentSet = (): OutgoingRecord<'conditions'> => {
    const record = toConditions(units(), time.clock.now())
    // What is kept for later is dated before it is sent; what is sent now is not.
    const isUndated = time.trust() === 'untrusted' && options.isConnected()
    return isUndated ? { ...record, body: { ...record.body, ...untimedSet(units()) } } : record
  }
  const conditions = () => {
    const record = currentSet()
    const print = fingerprint(record.body)
    // The same said again: the earlier one would only fill the outbox.
    if (said?.n !== undefined && said.print === print) outbox.acknowledge(said.n)
    said = { print, n: write(record) }
    return said.n
  }
  const birth = () => {
    const n = write({ channel: 'birth', body: birthOf(options, units()) })
    if (n !== undefined) outbox.supersede('birth', n)
    return n
  }
  const checkNow = () => {
    settling?.cancel()
    settling = undefined
    if (fingerprint(currentSet().body) !== said?.print) tell(conditions())
  }
  const check = () => {
    settling ??= clock.after(settleMs, checkNow)
  }
  const repeat = () => {
    repeating = clock.after(repeatEveryMs * (0.9 + options.random() * 0.2), () => {
      repeat()
      // Offline only changes are kept: a connection begins with a full set anyway.
      if (options.isConnected()) tell(conditions())
      else check()
    })
  }
  repeat()
  return {
    write,
    birth,
    conditions,
    check,
    checkNow,
    stop: () => {
      settling?.cancel()
      repeating?.cancel()
    },
  }
}
