/**
 * The series store: telemetry by (measurement, asset, part, time). Two implementations pass one
 * suite: SQLite in a worker (`embedded.ts`) and the InfluxDB 1.x API (`influx.ts`).
 * A point written again overwrites or adds fields, so a retry is always safe. Roll-ups are
 * recomputed from raw. The store never blocks for long: what cannot be reached is StoreUnavailable.
 */
import { days } from '../core/clock.ts'

/** `at` is epoch milliseconds. `part` is empty for the asset itself. */
export type Point = {
  /** A name of `measures`, or `area_stats` (then `asset` is the area's id). */
  measurement: string
  asset: string
  part: string
  at: number
  fields: Record<string, number>
}

export type Refusal = { point: Point; reason: string }

/** What became of a batch. A refused point is not stored and must not be sent again. */
export type WriteResult = { stored: number; refused: Refusal[] }

export type Aggregate = 'mean' | 'min' | 'max' | 'last'

/**
 * Samples of `[from, to)`. Without `everyMs` and `aggregate`: as stored. With `aggregate` only: one
 * row a part, at `from`. With `everyMs`: one row a bucket and part, buckets counted from the epoch
 * (UTC), empty ones left out; above 5 minutes `everyMs` is rounded up to whole 5 minutes, above an
 * hour to whole hours; `aggregate` defaults to `mean`.
 *
 * The mean of a bucket of 5 minutes or more is the mean of its 5-minute means: each 5 minutes with
 * a sample weigh the same, however many samples thinning left in them.
 * What is older than the raw level comes from the 5-minute level, then from the hourly level.
 */
export type SeriesQuery = {
  measurement: string
  asset: string
  part?: string
  fields: string[]
  from: number
  to: number
  everyMs?: number
  aggregate?: Aggregate
}

/** By `at`, then `part`. A field without a value in this row is null. */
export type SeriesRow = { at: number; part: string; values: Record<string, number | null> }

export type SeriesStore = {
  /** Resolves when the points are durable. Throws StoreUnavailable: then send all of them again. */
  write: (points: Point[]) => Promise<WriteResult>
  /** Throws StoreUnavailable, or Problem `request.invalid` for a name that does not exist. */
  query: (query: SeriesQuery) => Promise<SeriesRow[]>
  /** Recomputes the roll-ups of closed hours that changed, then drops what is too old. */
  maintain: (now: number) => Promise<void>
  /** Could a write succeed now? Never throws. */
  health: () => Promise<{ ok: boolean; reason?: string }>
  close: () => Promise<void>
}

/** How long each level is kept, in milliseconds. */
export type Retention = { raw: number; m5: number; h1: number }

/** Raw 30 days, 5 minutes a year, hours 5 years. */
export const defaultRetention: Retention = { raw: days(30), m5: days(365), h1: days(1826) }

export type UnavailableKind = 'network' | 'timeout' | 'server' | 'credentials' | 'schema' | 'disk'

/** The store cannot take or give now; the same call may succeed later. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
  readonly kind: UnavailableKind

  constructor(kind: UnavailableKind, reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause })
    this.kind = kind
  }

  /** True when it does not heal by waiting: somebody must correct a setting. */
  get needsSomeone(): boolean {
    return this.kind === 'credentials' || this.kind === 'schema'
  }
}
