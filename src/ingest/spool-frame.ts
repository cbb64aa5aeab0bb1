import { promisify } from 'node:util'
import { constants, crc32, zstdCompress, zstdDecompress } from 'node:zlib'
import type { Point } from './series.ts'

/**
 * A frame of the spool: `magic, length, checksum` (12 bytes, little endian), then zstd of JSON.
 * Points of one measurement, asset and part stand close together, so names cost next to nothing.
 */
const magic = 0x31505341
const headBytes = 12
/** What no frame reaches; a longer length is damage. */
const longestFrame = 64 * 1024 * 1024

const pack = promisify(zstdCompress)
const unpack = promisify(zstdDecompress)

type Row = [measurement: string, asset: string, part: string, at: number, Point['fields']]

export async function encodeFrame(points: Point[]): Promise<Buffer> {
  const rows = points.map((p): Row => [p.measurement, p.asset, p.part, p.at, p.fields])
  const params = { [constants.ZSTD_c_compressionLevel]: 1 }
  const body = await pack(JSON.stringify(rows), { params })
  const head = Buffer.alloc(headBytes)
  head.writeUInt32LE(magic, 0)
  head.writeUInt32LE(body.length, 4)
  head.writeUInt32LE(crc32(body), 8)
  return Buffer.concat([head, body])
}

export type FramePlace = { from: number; to: number }

/** The frame at `from`, if it is whole; its content is not unpacked. */
function frameAt(bytes: Buffer, from: number): FramePlace | undefined {
  const start = from + headBytes
  if (start > bytes.length || bytes.readUInt32LE(from) !== magic) return undefined
  const length = bytes.readUInt32LE(from + 4)
  const end = start + length
  if (length > longestFrame || end > bytes.length) return undefined
  const intact = crc32(bytes.subarray(start, end)) === bytes.readUInt32LE(from + 8)
  return intact ? { from, to: end } : undefined
}

/** The whole frames from the start; what follows the last one is torn or damaged. */
export function framesIn(bytes: Buffer): FramePlace[] {
  const places: FramePlace[] = []
  for (let place = frameAt(bytes, 0); place; place = frameAt(bytes, place.to)) places.push(place)
  return places
}

/** The points of one whole frame, given with its head. */
export async function decodeFrame(frame: Buffer): Promise<Point[]> {
  const text = (await unpack(frame.subarray(headBytes))).toString('utf8')
  return (JSON.parse(text) as Row[]).map(([measurement, asset, part, at, fields]) => ({
    measurement,
    asset,
    part,
    at,
    fields,
  }))
}
