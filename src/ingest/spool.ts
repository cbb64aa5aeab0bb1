import type { Log } from '../core/log.ts'
import { messageOf } from '../core/problem.ts'
import type { Point } from './series.ts'
import {
  appendSynced,
  cutTornTail,
  listSegments,
  makeSegment,
  readBytes,
  readPlaces,
  removeSegment,
  type SegmentFile,
  segmentPath,
} from './spool-folder.ts'
import { decodeFrame, encodeFrame, type FramePlace } from './spool-frame.ts'

/**
 * The compressed spool of points while the series store is away: first in, first out, in its own
 * folder with its own quota. What `append` has accepted is synced and survives a crash; after one,
 * up to a segment of batches comes out twice, which the store does not mind. When the quota is
 * reached new batches are refused, so that the beginning of an outage stays whole, and the caller
 * counts them.
 */
export type Spool = {
  /** False when there is no room, or the disk refused. */
  append: (points: Point[]) => Promise<boolean>
  /** The oldest batches, about `mostPoints`; they stay until `done`. `undefined`: none. */
  next: (mostPoints?: number) => Promise<SpoolBatch | undefined>
  stats: () => SpoolStats
  close: () => Promise<void>
}

export type SpoolBatch = { points: Point[]; done: () => Promise<void> }
export type SpoolStats = { bytes: number; segments: number; full: boolean; damaged: number }

export type SpoolOptions = {
  folder: string
  log: Log
  maxBytes?: number
  segmentBytes?: number
}

/** The segment that is being read, and how far. */
type Head = { number: number; places: FramePlace[]; taken: number }

class Segments {
  readonly files: SegmentFile[]
  readonly folder: string
  readonly log: Log
  head: Head | undefined
  full = false
  damaged = 0
  lastNumber: number

  constructor(folder: string, log: Log, files: SegmentFile[]) {
    this.folder = folder
    this.log = log
    this.files = files
    this.lastNumber = files.at(-1)?.number ?? 0
  }

  get bytes(): number {
    return this.files.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  noteDamage(number: number, reason: string): void {
    this.damaged += 1
    this.log.error({ segment: number, reason }, 'spool is damaged, a part is left out')
  }

  async put(frame: Buffer, segmentBytes: number): Promise<void> {
    let last = this.files.at(-1)
    if (!last || last.bytes >= segmentBytes) {
      this.lastNumber += 1
      await makeSegment(this.folder, this.lastNumber)
      last = { number: this.lastNumber, bytes: 0 }
      this.files.push(last)
    }
    await appendSynced(segmentPath(this.folder, last.number), frame, last.bytes)
    if (this.head?.number === last.number) {
      this.head.places.push({ from: last.bytes, to: last.bytes + frame.length })
    }
    last.bytes += frame.length
  }

  /** The first segment that has something left; read-out ones are deleted on the way. */
  async openHead(): Promise<Head | undefined> {
    for (let first = this.files[0]; first; first = this.files[0]) {
      if (this.head?.number !== first.number) {
        const { places, torn } = await readPlaces(segmentPath(this.folder, first.number))
        if (torn) this.noteDamage(first.number, 'broken frame')
        this.head = { number: first.number, places, taken: 0 }
      }
      if (this.head.taken < this.head.places.length) return this.head
      await removeSegment(this.folder, first.number)
      this.files.shift()
      this.head = undefined
      this.full = false
    }
    return undefined
  }

  async take(number: number, count: number): Promise<void> {
    if (this.head?.number !== number) return
    this.head.taken += count
    await this.openHead()
  }
}

/** Frames from the head on until there are enough points; broken ones are left out. */
async function gather(segments: Segments, head: Head, mostPoints: number) {
  const points: Point[] = []
  let count = 0
  for (const place of head.places.slice(head.taken)) {
    if (points.length >= mostPoints) break
    count += 1
    try {
      const frame = await readBytes(segmentPath(segments.folder, head.number), place)
      for (const point of await decodeFrame(frame)) points.push(point)
    } catch (error) {
      segments.noteDamage(head.number, messageOf(error))
    }
  }
  return { points, count }
}

async function loadSegments(folder: string, log: Log): Promise<Segments> {
  const segments = new Segments(folder, log, await listSegments(folder))
  // Only the segment that was being written can have a torn tail.
  const last = segments.files.at(-1)
  if (!last) return segments
  const { bytes, torn } = await cutTornTail(segmentPath(folder, last.number))
  last.bytes = bytes
  if (torn) segments.noteDamage(last.number, 'torn tail')
  return segments
}

/** Opens the spool of a folder, with what a former run left in it. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { folder, log, maxBytes = 2 * 1024 ** 3, segmentBytes = 8 * 1024 ** 2 } = options
  const segments = await loadSegments(folder, log)
  let busy: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = busy.then(work)
    busy = result.catch(() => undefined)
    return result
  }
  const put = async (frame: Buffer): Promise<boolean> => {
    segments.full = segments.bytes + frame.length > maxBytes
    if (segments.full) return false
    try {
      await segments.put(frame, segmentBytes)
      return true
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'spool cannot write')
      return false
    }
  }
  const readNext = async (mostPoints: number): Promise<SpoolBatch | undefined> => {
    for (let head = await segments.openHead(); head; head = await segments.openHead()) {
      const { number } = head
      const { points, count } = await gather(segments, head, mostPoints)
      if (points.length > 0)
        return { points, done: () => inTurn(() => segments.take(number, count)) }
      await segments.take(number, count)
    }
    return undefined
  }
  return {
    append: async (points) => {
      if (points.length === 0) return true
      const frame = await encodeFrame(points)
      return inTurn(() => put(frame))
    },
    next: (mostPoints = 5000) => inTurn(() => readNext(mostPoints)),
    stats: () => {
      const { bytes, files, full, damaged } = segments
      return { bytes, segments: files.length, full, damaged }
    },
    close: async () => {
      await busy
    },
  }
}
