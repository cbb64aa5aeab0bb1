import { type Measurement, measures } from '../contract/wire/measures.ts'
import { deadBandsOf, isInside } from './dead-bands.ts'
import { windowMs } from './roll-up.ts'
import type { Point } from './series.ts'
import { fieldIndexOf } from './series-names.ts'
import { createSlots, type SlotTable } from './thin-out-slots.ts'

/**
 * Stores on change, plus a heartbeat. Time is cut into the 5-minute windows of the roll-ups, by
 * sample time. Of each (asset, part), in each window:
 * - the first sample is stored (the heartbeat);
 * - a sample that moved no state and left no dead-band since then is held back;
 * - as soon as one does, what was held back in this window is stored with it, and so is the rest of
 *   the window: its mean, minimum and maximum come out as if nothing had been thinned;
 * - when the next window begins with a change, the last sample held back is stored before it, so
 *   that a graph steps where the value did.
 *
 * What is lost, exactly: samples that repeat the stored one within the dead-bands, in windows in
 * which nothing else happened. After a crash, up to one window of such samples more.
 * Late, repeated and unknown points pass untouched, and so do parts above the memory limit.
 */
export type ThinOut = {
  /** Points to store now, in order of time for each part. */
  pass: (points: Point[]) => Point[]
  stats: () => { parts: number; bytes: number; passed: number; held: number }
}

/** Samples held back in one window; with a faster rhythm the whole window is stored. */
const mostHeld = 4

const isThinned = (measurement: string): measurement is Measurement =>
  Object.hasOwn(measures, measurement)

export function createThinOut(options: { maxParts?: number } = {}): ThinOut {
  const { maxParts = 400_000 } = options
  const tables = new Map<string, Thinner>()
  const count = { parts: 0, passed: 0, held: 0 }

  const thinnerOf = (measurement: Measurement): Thinner => {
    const found = tables.get(measurement)
    if (found) return found
    const made = createThinner(measurement)
    tables.set(measurement, made)
    return made
  }
  const slotFor = (thinner: Thinner, point: Point): number | undefined => {
    const found = thinner.slots.find(point.asset, point.part)
    if (found !== undefined || count.parts >= maxParts) return found
    count.parts += 1
    return thinner.slots.add(point.asset, point.part)
  }
  const passOne = (point: Point, out: Point[]): void => {
    if (!isThinned(point.measurement)) {
      out.push(point)
      return
    }
    const thinner = thinnerOf(point.measurement)
    const slot = slotFor(thinner, point)
    if (slot === undefined) out.push(point)
    else thinner.pass(slot, point, out)
  }
  return {
    pass: (points) => {
      const out: Point[] = []
      for (const point of points) passOne(point, out)
      count.passed += out.length
      count.held += points.length - out.length
      return out
    },
    stats: () => ({
      ...count,
      bytes: [...tables.values()].reduce((sum, { slots }) => sum + slots.bytes(), 0),
    }),
  }
}

type Thinner = { slots: SlotTable; pass: (slot: number, point: Point, out: Point[]) => void }

/** The parts of one measurement. Row 0 of a slot is the stored sample, 1.. are those held back. */
function createThinner(measurement: Measurement): Thinner {
  const fields = Object.keys(measures[measurement])
  const index = fieldIndexOf(measurement) ?? new Map<string, number>()
  const bands = deadBandsOf(measurement)
  const slots = createSlots({ width: fields.length, rows: mostHeld + 1 })
  const values = new Float64Array(fields.length)

  /** Reads the point into `values`; false when it holds a name that is not ours to judge. */
  const load = (point: Point): boolean => {
    values.fill(Number.NaN)
    for (const name in point.fields) {
      const i = index.get(name)
      const value = point.fields[name]
      if (i === undefined || typeof value !== 'number') return false
      values[i] = value
    }
    return true
  }
  const tellsNothingNew = (slot: number): boolean => {
    for (let i = 0; i < values.length; i++) {
      const band = bands[i]
      const value = values[i] ?? Number.NaN
      if (band && !isInside(band, slots.value(slot, 0, i), value)) return false
    }
    return true
  }
  const heldPoint = (slot: number, row: number, like: Point): Point => {
    const kept: Record<string, number> = {}
    for (const [i, name] of fields.entries()) {
      const value = slots.value(slot, row, i)
      if (!Number.isNaN(value)) kept[name] = value
    }
    return { ...like, at: slots.timeOf(slot, row), fields: kept }
  }
  const release = (slot: number, like: Point, from: number, out: Point[]): void => {
    for (let row = from; row <= slots.held(slot); row++) out.push(heldPoint(slot, row, like))
    slots.setHeld(slot, 0)
  }
  const begin = (slot: number, point: Point, out: Point[]): void => {
    const held = slots.held(slot)
    if (held > 0 && !tellsNothingNew(slot)) release(slot, point, held, out)
    slots.begin(slot, point.at, values)
    out.push(point)
  }
  return {
    slots,
    pass: (slot, point, out) => {
      const latest = slots.latest(slot)
      if (point.at <= latest || !load(point)) out.push(point)
      else if (Math.floor(point.at / windowMs.m5) !== Math.floor(latest / windowMs.m5)) {
        begin(slot, point, out)
      } else if (slots.isOpen(slot)) {
        slots.setLatest(slot, point.at)
        out.push(point)
      } else if (tellsNothingNew(slot) && slots.held(slot) < mostHeld) {
        slots.hold(slot, point.at, values)
      } else {
        release(slot, point, 1, out)
        slots.open(slot, point.at)
        out.push(point)
      }
    },
  }
}
