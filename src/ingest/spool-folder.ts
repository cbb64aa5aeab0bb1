import { mkdir, open, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { type FramePlace, framesIn } from './spool-frame.ts'

/** The files of a spool: `000000001.spool` and on, each a run of frames. */
export type SegmentFile = { number: number; bytes: number }

const pattern = /^(\d{9})\.spool$/

export const segmentPath = (folder: string, number: number): string =>
  join(folder, `${String(number).padStart(9, '0')}.spool`)

/** Segments by number. Makes the folder when it is not there. */
export async function listSegments(folder: string): Promise<SegmentFile[]> {
  await mkdir(folder, { recursive: true })
  const numbers = (await readdir(folder))
    .map((name) => Number(pattern.exec(name)?.[1] ?? Number.NaN))
    .filter(Number.isSafeInteger)
    .sort((a, b) => a - b)
  const sized = numbers.map(async (number) => {
    return { number, bytes: (await stat(segmentPath(folder, number))).size }
  })
  return Promise.all(sized)
}

/** Whole frames of a segment; `torn` when something else follows them. */
export async function readPlaces(path: string): Promise<{ places: FramePlace[]; torn: boolean }> {
  const content = await readFile(path)
  const places = framesIn(content)
  return { places, torn: (places.at(-1)?.to ?? 0) < content.length }
}

/** Cuts a tail that a crash left half written: what is appended behind it could not be found. */
export async function cutTornTail(path: string): Promise<{ bytes: number; torn: boolean }> {
  const { places, torn } = await readPlaces(path)
  const bytes = places.at(-1)?.to ?? 0
  if (torn) await truncate(path, bytes)
  return { bytes, torn }
}

export async function appendSynced(path: string, frame: Buffer, at: number): Promise<void> {
  const file = await open(path, 'a')
  try {
    await file.writeFile(frame)
    await file.datasync()
  } catch (error) {
    await file.truncate(at).catch(() => undefined)
    throw error
  } finally {
    await file.close()
  }
}

export async function readBytes(path: string, { from, to }: FramePlace): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const bytes = Buffer.alloc(to - from)
    await file.read(bytes, 0, bytes.length, from)
    return bytes
  } finally {
    await file.close()
  }
}

/** A new, empty segment; its name is durable only after the folder is synced. */
export async function makeSegment(folder: string, number: number): Promise<void> {
  await (await open(segmentPath(folder, number), 'a')).close()
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

export const removeSegment = (folder: string, number: number): Promise<void> =>
  rm(segmentPath(folder, number), { force: true })
