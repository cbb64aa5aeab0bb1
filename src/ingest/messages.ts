import type { Accepted, EnvelopeChannel } from '../contract/wire/accepted.ts'
import type { BodyOf } from '../contract/wire/channels.ts'
import { decode } from '../contract/wire/codec.ts'
import type { Envelope } from '../contract/wire/common.ts'
import type { JournalEntry } from './segment.ts'
import { holdsUnstorableText } from './storable.ts'
import { timingOf } from './timing.ts'

export type Rejection = {
  kind: 'rejected' | 'quarantine'
  agentId: string
  channel: string
  receivedAt: number
  reason: string
  payload: Uint8Array
}

export type Read = { message: Accepted } | { rejection: Rejection } | { nothing: true }

/** Outbox ids are counted before time is judged: what is put aside must not come again. */
export type Opened = { entry: JournalEntry; id: Envelope['id'] | undefined; read: Read }

const reject = (entry: JournalEntry, kind: Rejection['kind'], reason: string): Read => {
  const { agentId, channel, receivedAt, payload } = entry
  return { rejection: { kind, agentId, channel, receivedAt, reason, payload } }
}

const unstorable = 'a text in it holds NUL or half a character'

/** Opens one journal entry. Never throws, never drops: what it cannot use it returns as rejection. */
export function open(entry: JournalEntry): Opened {
  if (entry.channel === 'gone') return { entry, id: undefined, read: { nothing: true } }
  const decoded = decode(entry.channel, entry.payload)
  if (!decoded.ok) return { entry, id: undefined, read: reject(entry, 'rejected', decoded.reason) }
  const body = decoded.body as BodyOf<EnvelopeChannel>
  if (holdsUnstorableText(entry.payload, body)) {
    return { entry, id: body.id, read: reject(entry, 'rejected', unstorable) }
  }
  const timing = timingOf(body, entry.receivedAt)
  if (!timing.ok) return { entry, id: body.id, read: reject(entry, 'quarantine', timing.reason) }
  const { agentId, channel, receivedAt } = entry
  const { at, late } = timing
  const message = { channel, agentId, body, receivedAt, at, late } as Accepted
  return { entry, id: body.id, read: { message } }
}

export type Opener = (entry: JournalEntry) => Opened

const mostKeptBytes = 16 * 1024 * 1024

/**
 * Opens each entry once for two readers that follow each other closely: the first keeps what it
 * opened, the second takes it. Bounded in payload bytes; who comes too late opens again. Only
 * telemetry is read by both. Nobody may change what is shared.
 */
export function createOpener(mostBytes = mostKeptBytes): Opener {
  const kept = new Map<number, Opened>()
  let bytes = 0
  const drop = (position: number, { entry }: Opened) => {
    kept.delete(position)
    bytes -= entry.payload.length
  }
  return (entry) => {
    if (entry.channel !== 'telemetry') return open(entry)
    const known = kept.get(entry.position)
    if (known) drop(entry.position, known)
    if (known?.entry.payload.equals(entry.payload)) return known
    const opened = open(entry)
    kept.set(entry.position, opened)
    bytes += entry.payload.length
    for (const [position, oldest] of kept) {
      if (bytes <= mostBytes) break
      drop(position, oldest)
    }
    return opened
  }
}
