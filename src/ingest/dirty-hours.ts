import { hours, minutes } from '../core/clock.ts'
import { floorTo } from './roll-up.ts'

/** One row of the durable list. An empty asset stands for all of them. */
export type MarkRow = { measurement: string; hourAt: number; asset: string }

/** An hour whose roll-ups must be made again; without `assets`: of every asset. */
export type DirtyHour = {
  measurement: string
  hourAt: number
  assets: string[] | undefined
  revision: number
}

type Mark = { assets: Set<string> | undefined; revision: number }

/** An hour is rolled up this long after its end, so that stragglers do not cause it twice. */
export const settleMs = minutes(2)

/** Above this many late assets in one hour, the whole hour is cheaper. */
const mostAssets = 50

/** Hours from this one on are open: read from raw, not rolled up yet. */
export const openFrom = (now: number): number => floorTo(now - settleMs, hours(1))

export type DirtyHours = {
  /** Call before a write is sent; the row given back must be durable before the points are. */
  touch: (measurement: string, at: number, asset: string) => MarkRow | undefined
  isDirty: (measurement: string, hourAt: number, asset: string) => boolean
  /** Closed hours, oldest first. */
  due: (now: number) => DirtyHour[]
  /** False when the hour was touched since `due` gave it: then it stays dirty. */
  clear: (done: DirtyHour) => boolean
  rows: () => MarkRow[]
}

/** Which hours changed since their roll-ups were made. */
export function createDirtyHours(rows: MarkRow[] = []): DirtyHours {
  const byMeasurement = new Map<string, Map<number, Mark>>()
  let revision = 0

  const markOf = (measurement: string, hourAt: number): Mark | undefined =>
    byMeasurement.get(measurement)?.get(hourAt)
  const newMark = (measurement: string, hourAt: number): Mark => {
    const mark: Mark = { assets: new Set(), revision: 0 }
    const marks = byMeasurement.get(measurement) ?? new Map<number, Mark>()
    byMeasurement.set(measurement, marks.set(hourAt, mark))
    return mark
  }
  const touch: DirtyHours['touch'] = (measurement, at, asset) => {
    const hourAt = floorTo(at, hours(1))
    const mark = markOf(measurement, hourAt) ?? newMark(measurement, hourAt)
    revision += 1
    mark.revision = revision
    if (!mark.assets || mark.assets.has(asset)) return undefined
    mark.assets.add(asset)
    if (asset !== '' && mark.assets.size <= mostAssets) return { measurement, hourAt, asset }
    mark.assets = undefined
    return { measurement, hourAt, asset: '' }
  }
  for (const row of rows) touch(row.measurement, row.hourAt, row.asset)

  const all = (): DirtyHour[] =>
    [...byMeasurement].flatMap(([measurement, marks]) =>
      [...marks].map(([hourAt, mark]) => ({
        measurement,
        hourAt,
        assets: mark.assets && [...mark.assets],
        revision: mark.revision,
      })),
    )
  return {
    touch,
    isDirty: (measurement, hourAt, asset) => {
      const mark = markOf(measurement, hourAt)
      return mark !== undefined && (mark.assets === undefined || mark.assets.has(asset))
    },
    due: (now) =>
      all()
        .filter(({ hourAt }) => hourAt < openFrom(now))
        .sort((a, b) => a.hourAt - b.hourAt),
    clear: ({ measurement, hourAt, revision: seen }) =>
      markOf(measurement, hourAt)?.revision === seen &&
      byMeasurement.get(measurement)?.delete(hourAt) === true,
    rows: () =>
      all().flatMap(({ measurement, hourAt, assets }) =>
        (assets ?? ['']).map((asset) => ({ measurement, hourAt, asset })),
      ),
  }
}
