import { crc32 } from 'node:zlib'
import type { UpChannel } from '../contract/wire/channels.ts'

/**
 * How a record lies in a journal segment. Pure: bytes in, records out.
 *
 *   magic u32 | crc32 u32 | length u32 | receivedAt f64 | idLength u8 | id | nameLength u8 | name | payload
 *
 * `length` counts what follows it; the checksum covers `length` and all of that, and starts from a
 * seed which only this journal knows, so neither zeros, nor a foreign segment, nor a frame that an
 * agent hides in its payload passes for a record.
 */
export type JournalRecord = {
  agentId: string
  channel: UpChannel
  payload: Buffer
  /** Epoch milliseconds at which the hub got it. */
  receivedAt: number
}
/** `position` is where its frame starts, `next` where the following one does. */
export type JournalEntry = JournalRecord & { position: number; next: number }

const magic = 0x414e_534a
const magicBytes = Buffer.from('ANSJ', 'latin1')
const headBytes = 12
const fixedBytes = 8 + 1 + 1
export const smallestFrame = headBytes + fixedBytes
/** Above any packet the broker lets in; a longer length is damage. */
export const largestPayload = 16 * 1024 * 1024
const longestBody = largestPayload + fixedBytes + 2 * 255

/** The checksum seed of a journal. */
export const seedOf = (journalId: string): number => crc32(journalId)

/** Bytes that the frame of this record takes. */
export const frameSize = (record: JournalRecord): number =>
  smallestFrame + record.agentId.length + record.channel.length + record.payload.length

/** Why this record cannot be framed; `undefined` when it can. Ids and names are ASCII. */
export function frameRefusal(record: JournalRecord): string | undefined {
  if (record.payload.length > largestPayload) return 'payload is too large for the journal'
  if (record.agentId.length > 255) return 'agent id is too long for the journal'
  return undefined
}

/** Writes one frame at `offset` and returns the offset behind it; `into` must be large enough. */
export function writeFrame(
  into: Buffer,
  offset: number,
  { record, seed }: { record: JournalRecord; seed: number },
): number {
  let at = offset + headBytes
  at = into.writeDoubleBE(record.receivedAt, at)
  at = writeName(into, at, record.agentId)
  at = writeName(into, at, record.channel)
  into.set(record.payload, at)
  at += record.payload.length
  into.writeUInt32BE(magic, offset)
  into.writeUInt32BE(at - offset - headBytes, offset + 8)
  into.writeUInt32BE(crc32(into.subarray(offset + 8, at), seed), offset + 4)
  return at
}

function writeName(into: Buffer, at: number, name: string): number {
  into[at] = name.length
  into.write(name, at + 1, 'latin1')
  return at + 1 + name.length
}

export type FrameRead =
  | { kind: 'record'; record: JournalRecord; size: number }
  /** The bytes end inside the frame; with `need` bytes from its start it could be judged. */
  | { kind: 'short'; need: number }
  | { kind: 'damaged' }

/** Reads the frame at `offset`. The payload is a view into `bytes`. */
export function readFrame(bytes: Buffer, offset: number, seed: number): FrameRead {
  const left = bytes.length - offset
  if (left < headBytes) return { kind: 'short', need: headBytes }
  const length = bytes.readUInt32BE(offset + 8)
  if (bytes.readUInt32BE(offset) !== magic) return { kind: 'damaged' }
  if (length < fixedBytes || length > longestBody) return { kind: 'damaged' }
  const size = headBytes + length
  if (left < size) return { kind: 'short', need: size }
  const end = offset + size
  const sum = crc32(bytes.subarray(offset + 8, end), seed)
  if (sum !== bytes.readUInt32BE(offset + 4)) return { kind: 'damaged' }
  const record = readBody(bytes, offset + headBytes, end)
  return record ? { kind: 'record', record, size } : { kind: 'damaged' }
}

function readBody(bytes: Buffer, start: number, end: number): JournalRecord | undefined {
  const idAt = start + 9
  const idEnd = idAt + (bytes[start + 8] ?? 0)
  const nameEnd = idEnd + 1 + (bytes[idEnd] ?? 0)
  if (nameEnd > end) return undefined
  return {
    agentId: bytes.toString('latin1', idAt, idEnd),
    // Written by us, perhaps by a later version: what a name means is the codec's to judge.
    channel: bytes.toString('latin1', idEnd + 1, nameEnd) as UpChannel,
    payload: bytes.subarray(nameEnd, end),
    receivedAt: bytes.readDoubleBE(start),
  }
}

/** Offset of the first intact frame at or behind `from`; -1 when there is none. */
export function findFrame(bytes: Buffer, from: number, seed: number): number {
  let at = bytes.indexOf(magicBytes, from)
  while (at >= 0 && readFrame(bytes, at, seed).kind !== 'record') {
    at = bytes.indexOf(magicBytes, at + 1)
  }
  return at
}

export type Decoded = { entries: JournalEntry[]; next: number; stop: 'end' | 'short' | 'damaged' }

/**
 * The records of `bytes`, whose first byte has position `base`, from position `from` on: up to
 * `maxBytes` of frames, but at least one. `stop` says why it went no further: `end` of bytes or
 * of the allowance, a frame cut `short`, or a `damaged` one.
 */
export function decodeFrames(
  bytes: Buffer,
  { base, from, maxBytes, seed }: { base: number; from: number; maxBytes: number; seed: number },
): Decoded {
  const entries: JournalEntry[] = []
  let at = from - base
  while (at < bytes.length) {
    const frame = readFrame(bytes, at, seed)
    if (frame.kind !== 'record') return { entries, next: base + at, stop: frame.kind }
    const taken = at + frame.size - (from - base)
    if (entries.length > 0 && taken > maxBytes) break
    const position = base + at
    at += frame.size
    const { agentId, channel, payload, receivedAt } = frame.record
    entries.push({ agentId, channel, payload, receivedAt, position, next: base + at })
  }
  return { entries, next: base + at, stop: 'end' }
}

export type Scan = {
  /** Behind the last record of the intact prefix. */
  intact: number
  /** True when intact records follow a damaged place: not a torn tail but damage. */
  recordsBehind: boolean
}

/** Looks over a whole segment after a crash. */
export function scanSegment(bytes: Buffer, seed: number): Scan {
  let at = 0
  while (at < bytes.length) {
    const frame = readFrame(bytes, at, seed)
    if (frame.kind !== 'record') {
      return { intact: at, recordsBehind: findFrame(bytes, at + 1, seed) >= 0 }
    }
    at += frame.size
  }
  return { intact: at, recordsBehind: false }
}

const baseDigits = 16

/** File name of the segment whose first byte has this position; sorts by position. */
export const segmentName = (base: number): string =>
  `${String(base).padStart(baseDigits, '0')}.segment`

/** Position of a segment by its file name; `undefined` when it is another file. */
export const baseOfName = (name: string): number | undefined =>
  /^\d{16}\.segment$/.test(name) ? Number(name.slice(0, baseDigits)) : undefined

/** `end` is behind the last byte that counts; the file may be longer after a failed write. */
export type SegmentInfo = { base: number; end: number; bytes: number }
