import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { createDirtyHours, type DirtyHours, type MarkRow } from './dirty-hours.ts'
import { type Point, StoreUnavailable } from './series.ts'
import { cleanTag, refusalOf } from './series-names.ts'

/**
 * The dirty hours of an Influx store, in a small file of this hub: which hours it wrote to and has
 * not rolled up since. A line is on the disk before the points it stands for are sent.
 */
export type InfluxMarks = {
  dirty: DirtyHours
  /** Call before and after each write; resolves when new marks are durable. */
  touch: (points: Point[]) => Promise<void>
  /** Writes the file anew, without what was cleared. */
  compact: () => Promise<void>
}

const fileName = 'influx-dirty-hours.jsonl'

/** A line that a crash cut in half is not a mark: the points it announced were never sent. */
function parseRows(text: string): MarkRow[] {
  return text.split('\n').flatMap((line) => {
    try {
      const [measurement, hourAt, asset] = JSON.parse(line) as unknown[]
      const good =
        typeof measurement === 'string' && Number.isSafeInteger(hourAt) && typeof asset === 'string'
      return good ? [{ measurement, hourAt: hourAt as number, asset }] : []
    } catch {
      return []
    }
  })
}

const toText = (rows: MarkRow[]): string =>
  rows.map((row) => `${JSON.stringify([row.measurement, row.hourAt, row.asset])}\n`).join('')

async function putText(path: string, flags: 'a' | 'w', text: string): Promise<void> {
  const file = await open(path, flags)
  try {
    await file.writeFile(text)
    await file.datasync()
  } finally {
    await file.close()
  }
}

export async function openInfluxMarks(folder: string): Promise<InfluxMarks> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, fileName)
  const dirty = createDirtyHours(existsSync(path) ? parseRows(await readFile(path, 'utf8')) : [])
  let busy: Promise<unknown> = Promise.resolve()
  // One at a time: an append must not fall into the file that compacting replaces.
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = busy.then(work)
    busy = result.catch(() => undefined)
    return result
  }
  const compact = () =>
    inTurn(async () => {
      const next = `${path}.new`
      await putText(next, 'w', toText(dirty.rows()))
      await rename(next, path)
    })
  await compact()
  return {
    dirty,
    compact,
    touch: async (points) => {
      const fresh = points.flatMap((point) => {
        if (refusalOf(point) !== undefined) return []
        return dirty.touch(point.measurement, point.at, cleanTag(point.asset)) ?? []
      })
      if (fresh.length === 0) return
      // Leading newline: the tail of the file may be a line that a crash cut in half.
      await inTurn(() => putText(path, 'a', `\n${toText(fresh)}`)).catch((error) => {
        throw new StoreUnavailable('disk', 'cannot note which hours change', error)
      })
    },
  }
}
