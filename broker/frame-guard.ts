import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../src/core/clock.ts'
import { type FrameFault, isMidFrame, scanFrames } from './frames.ts'
import type { Limits } from './limits.ts'
import { type Link, mayRead } from './link.ts'
import type { Note } from './notes.ts'

const reasons: Record<FrameFault, string> = {
  'not-mqtt': 'the first bytes are no MQTT CONNECT',
  'frame-too-large': 'a packet is larger than allowed here',
  'bad-length': 'the length of a packet is malformed',
}

const httpAnswer = [
  'HTTP/1.1 400 Bad Request',
  'Content-Type: text/plain; charset=utf-8',
  'Connection: close',
  '',
  'This is the MQTT port of the hub. Web pages and the API are on its HTTP port.',
  '',
].join('\r\n')

/** What a stranger seems to speak, by the first byte. */
export function guessProtocol(firstByte: number): 'http' | 'tls' | 'unknown' {
  if (firstByte === 0x16) return 'tls'
  return firstByte >= 0x41 && firstByte <= 0x5a ? 'http' : 'unknown'
}

/**
 * All that is buffered now. Node gives one buffer at a time, and the broker reads once and then
 * waits for the next `readable`, which does not come while something is left. Asking for the whole
 * length instead would raise the high-water mark of the stream, each time it is exceeded.
 */
function readBuffered(conn: Duplex, read: Duplex['read']): Buffer | null {
  let left = conn.readableLength
  const first: Buffer | null = read()
  if (!first || first.length >= left) return first
  const chunks = [first]
  for (left -= first.length; left > 0; ) {
    const chunk: Buffer | null = read()
    if (!chunk) break
    chunks.push(chunk)
    left -= chunk.length
  }
  return Buffer.concat(chunks)
}

/**
 * Puts the frame check between a socket and the broker: what `read` gives has been measured, and
 * it gives nothing while the link is held. Nothing of a refused packet reaches the parser.
 */
export function guardReads(link: Link, options: { limits: Limits; clock: Clock; note: Note }) {
  const { conn } = link
  const { limits, clock } = options
  const readSocket = conn.read.bind(conn)
  conn.read = (size?: number) => {
    if (size === 0) return readSocket(0)
    if (!mayRead(link)) return null
    const chunk = readBuffered(conn, readSocket)
    if (!chunk) return chunk
    const framesBefore = link.frame.frames
    const fault = scanFrames(link.frame, chunk, limits)
    if (fault) return refuseFrame(link, { fault, chunk, note: options.note })
    timeFrame(link, framesBefore, clock)
    return chunk
  }
}

/** Remembers when the packet that is still incomplete began. */
function timeFrame(link: Link, framesBefore: number, clock: Clock): void {
  if (!isMidFrame(link.frame)) link.frameSince = undefined
  else if (link.frameSince === undefined || link.frame.frames > framesBefore) {
    link.frameSince = clock.monotonic()
  }
}

function refuseFrame(link: Link, what: { fault: FrameFault; chunk: Buffer; note: Note }): null {
  const { fault, chunk, note } = what
  link.held.refused = true
  const speaks = fault === 'not-mqtt' ? guessProtocol(chunk[0] ?? 0) : undefined
  const happening = fault === 'bad-length' ? 'malformed-packet' : fault
  note(happening, link, { reason: reasons[fault], ...(speaks ? { speaks } : {}) })
  const socket = link.conn as Partial<Socket>
  if (speaks === 'http' && socket.destroySoon) {
    link.conn.write(httpAnswer)
    socket.destroySoon.call(link.conn)
  } else link.conn.destroy()
  return null
}
