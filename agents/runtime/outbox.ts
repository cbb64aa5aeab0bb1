import { join } from 'node:path'
import type { UpChannel } from '../../src/contract/wire/channels.ts'
import { maxPayloadBytes } from '../../src/contract/wire/codec.ts'
import { type Clock, minutes, seconds } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import { openOutboxFile } from './outbox-file.ts'
import type { OutboxRecord, OutboxTable } from './outbox-table.ts'
import type { Stamp } from './rebase.ts'

/**
 * What was recorded and is not acknowledged yet, on disk. A record's id `(epoch, n)` is given once
 * and never again, also not after a crash: it may be sent only when it is durable. Bounded: the
 * oldest telemetry goes first and is counted; conditions, births and reports stay. Writes are
 * grouped, so that a memory card sees about one a minute.
 */
export type Outbox = {
  epoch: () => string
  /** Stores a record; `undefined` when it is larger than the wire allows. Not yet durable. */
  add: (record: { channel: UpChannel; stamp: Stamp; body: object }) => number | undefined
  /** Makes everything added so far durable. */
  commit: () => void
  acknowledge: (n: number) => void
  /** Removes without counting: something newer says the same. */
  supersede: (channel: UpChannel, except: number) => void
  get: (n: number) => OutboxRecord | undefined
  /** The oldest record that has a time and for which `skip` is false. */
  oldest: (skip: (n: number) => boolean) => number | undefined
  /** The oldest hundred of a channel, in order. */
  waiting: (channel: UpChannel) => number[]
  /** Applies `change` to records whose time is not known; returns how many changed. */
  retime: (change: (record: OutboxRecord) => OutboxRecord) => number
  /** Drops telemetry older than the allowed age; only for a believed `now`. */
  expire: (now: number) => void
  stats: () => { records: number; bytes: number; dropped: number; onDisk: boolean }
  close: () => void
}

export type OutboxOptions = {
  dataDir: string
  clock: Clock
  log: Log
  maxBytes: number
  maxAgeMs: number
}

const addLingerMs = seconds(0.25)
const ackLingerMs = seconds(30)
const payloadRoomBytes = 1024

/** Counts what is kept and drops what does not fit. Inside a write only. */
function createBound(maxBytes: number, log: Log) {
  let totals = { records: 0, bytes: 0 }
  let dropped = 0
  const fits = () => totals.bytes <= maxBytes
  const remove = (table: OutboxTable, n: number): boolean => {
    const freed = table.remove(n)
    if (freed === undefined) return false
    totals = { records: totals.records - 1, bytes: totals.bytes - freed }
    return true
  }
  const drop = (table: OutboxTable, rows: { n: number }[], enough: () => boolean) => {
    const before = dropped
    for (const { n } of rows) {
      if (enough()) break
      if (remove(table, n)) dropped += 1
    }
    if (dropped !== before) table.setDropped(dropped)
  }
  const dropFrom = (table: OutboxTable, channel: UpChannel) => {
    while (!fits()) {
      // The newest full set is the state itself; the newest sample goes like any other.
      const kept = channel === 'conditions' ? table.newestOf(channel) : undefined
      const rows = table.oldestOf(channel).filter((row) => row.n !== kept)
      if (rows.length === 0) return
      drop(table, rows, fits)
    }
  }
  return {
    adopt: (table: OutboxTable) => {
      totals = table.totals()
      dropped = Math.max(dropped, table.dropped())
    },
    stats: () => ({ ...totals, dropped }),
    remove,
    drop,
    countLost: () => {
      dropped += 1
    },
    added: (table: OutboxTable, bytes: number) => {
      totals = { records: totals.records + 1, bytes: totals.bytes + bytes }
      if (fits()) return
      dropFrom(table, 'telemetry')
      dropFrom(table, 'conditions')
      log.warn({ dropped, ...totals }, 'outbox is full, oldest records dropped')
    },
  }
}

/** Opens (or begins) the outbox of `dataDir`. Never throws: a disk that refuses gives memory. */
export function openOutbox(options: OutboxOptions): Outbox {
  const { clock, log, maxBytes, maxAgeMs } = options
  const bound = createBound(maxBytes, log)
  const path = join(options.dataDir, 'outbox.sqlite')
  const file = openOutboxFile({ path, clock, log, onReplaced: bound.adopt })
  bound.adopt(file.table())
  let expiredAtMono = Number.NEGATIVE_INFINITY
  let added = false

  const insert = (n: number, record: { channel: UpChannel; stamp: Stamp }, body: string) =>
    file.write((table) => {
      bound.added(table, table.insert({ n, ...record }, body))
      return true
    }, addLingerMs)

  return {
    epoch: () => file.table().epoch,
    add: ({ channel, stamp, body }) => {
      const text = JSON.stringify(body)
      const bytes = Buffer.byteLength(text)
      if (bytes > maxPayloadBytes - payloadRoomBytes) {
        log.error({ channel, bytes }, 'record is larger than the wire allows')
        bound.countLost()
        return undefined
      }
      const n = file.nextN()
      added = true
      if (!insert(n, { channel, stamp }, text)) insert(n, { channel, stamp }, text)
      return n
    },
    commit: () => {
      // Acknowledgements alone may wait for their own time.
      if (added) file.commit()
      added = false
    },
    acknowledge: (n) => {
      file.write((table) => bound.remove(table, n), ackLingerMs)
    },
    supersede: (channel, except) => {
      file.write((table) => {
        for (const { n } of table.oldestOf(channel)) if (n !== except) bound.remove(table, n)
      }, ackLingerMs)
    },
    get: (n) => file.read((table) => table.get(n)),
    oldest: (skip) => file.read((table) => oldestOf(table, skip)),
    waiting: (channel) => (file.read((table) => table.oldestOf(channel)) ?? []).map(({ n }) => n),
    retime: (change) => file.write((table) => retimeAll(table, change), addLingerMs) ?? 0,
    expire: (now) => {
      if (clock.monotonic() - expiredAtMono < minutes(1)) return
      expiredAtMono = clock.monotonic()
      const rows = file.read((table) => table.expired(now - maxAgeMs)) ?? []
      if (rows.length === 0) return
      file.write((table) => bound.drop(table, rows, () => false), ackLingerMs)
    },
    stats: () => ({ ...bound.stats(), onDisk: file.table().onDisk }),
    close: file.close,
  }
}

function oldestOf(table: OutboxTable, skip: (n: number) => boolean): number | undefined {
  let after = 0
  for (;;) {
    const found = table.from(after, 64)
    const free = found.find((n) => !skip(n))
    const last = found.at(-1)
    if (free !== undefined || last === undefined) return free
    after = last
  }
}

function retimeAll(table: OutboxTable, change: (record: OutboxRecord) => OutboxRecord): number {
  let changed = 0
  for (const record of table.untimed()) {
    const after = change(record)
    if (after === record) continue
    table.retime(after)
    changed += 1
  }
  return changed
}
