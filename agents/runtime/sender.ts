import type { UpChannel } from '../../src/contract/wire/channels.ts'
import { encode } from '../../src/contract/wire/codec.ts'
import type { Clock, Timer } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import { messageOf } from '../../src/core/problem.ts'
import {
  acknowledge,
  addLive,
  isTaken,
  type LaneLimits,
  type Lanes,
  nextToSend,
  openLanes,
} from './lanes.ts'
import type { Outbox } from './outbox.ts'
import type { OutboxRecord } from './outbox-table.ts'
import { type OutgoingRecord, withEnvelope } from './recorder-of-records.ts'

/** Carries the outbox to the hub over one connection after the other. */
export type Sender = {
  /** Begins a connection: the birth first, then `live`, then what is older. */
  open: (publish: Publish, birth: number | undefined, live: readonly number[]) => void
  /** The connection is gone; what was not acknowledged waits in the outbox. */
  close: () => void
  /** A record was added; goes to the live lane of an open connection. */
  added: (n: number) => void
  /** Something older may be sent now: its time became known. */
  wake: () => void
  /** Resolves when nothing is on its way any more, or after `ms`. */
  flushed: (ms: number) => Promise<void>
}

export type Publish = (channel: UpChannel, payload: Buffer) => Promise<void>

const payloadOf = (record: OutboxRecord, lane: 'live' | 'backlog'): Buffer => {
  const { channel, body, stamp, epoch, n } = record
  return encode(
    channel,
    withEnvelope({ channel, body } as OutgoingRecord, { id: [epoch, n], lane, ...stamp }),
  )
}

type Open = { publish: Publish; lanes: Lanes }
type Lane = 'live' | 'backlog'

/** True when the record needs no more care: acknowledged, or no longer there. */
async function deliver(outbox: Outbox, open: Open, step: { n: number; lane: Lane }) {
  const { n, lane } = step
  // Absent: dropped to make room, superseded, or lost with a broken file.
  const record = outbox.get(n)
  await (record ? open.publish(record.channel, payloadOf(record, lane)) : undefined)
  if (record) outbox.acknowledge(n)
  open.lanes = acknowledge(open.lanes, n)
}

export function createSender(options: {
  outbox: Outbox
  limits: LaneLimits
  clock: Clock
  log: Log
}): Sender {
  const { outbox, limits, clock, log } = options
  let connection: Open | undefined
  let timer: Timer | undefined
  const waiting = new Set<() => void>()

  const settle = () => {
    const { lanes } = connection ?? {}
    if (lanes && (lanes.inFlight.size > 0 || lanes.live.length > 0)) return
    for (const done of waiting) done()
    waiting.clear()
  }
  const start = (open: Open, step: { n: number; lane: Lane }) => {
    const failed = (error: unknown) =>
      log.debug({ n: step.n, reason: messageOf(error) }, 'publish was not acknowledged')
    deliver(outbox, open, step).then(() => {
      if (open === connection) pump()
    }, failed)
  }
  const pump = () => {
    timer?.cancel()
    timer = undefined
    // An id must be durable before anyone sees it.
    outbox.commit()
    while (connection) {
      const open = connection
      const oldest = () => outbox.oldest((n) => isTaken(open.lanes, n))
      const step = nextToSend(open.lanes, oldest, { mono: clock.monotonic(), limits })
      open.lanes = step.lanes
      if (!step.send) {
        if (step.waitMs !== undefined) timer = clock.after(step.waitMs, pump)
        return settle()
      }
      start(open, step.send)
    }
  }
  return {
    open: (publish, birth, live) => {
      connection = { publish, lanes: openLanes(birth, live, clock.monotonic()) }
      pump()
    },
    close: () => {
      connection = undefined
      timer?.cancel()
      settle()
    },
    added: (n) => {
      if (!connection) return
      connection.lanes = addLive(connection.lanes, n)
      pump()
    },
    wake: () => pump(),
    flushed: async (ms) => {
      if (!connection) return
      const deadline = new AbortController()
      const done = new Promise<void>((resolve) => waiting.add(resolve))
      settle()
      await Promise.race([done, clock.sleep(ms, deadline.signal)])
      deadline.abort()
    },
  }
}
