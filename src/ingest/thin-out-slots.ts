/**
 * Memory of the thinning: a few rows of numbers for each part, in typed arrays that grow in chunks,
 * because 10,000 agents have 170,000 parts and objects would cost several times as much.
 */
export type SlotTable = {
  find: (asset: string, part: string) => number | undefined
  add: (asset: string, part: string) => number
  value: (slot: number, row: number, field: number) => number
  timeOf: (slot: number, row: number) => number
  /** Time of the newest sample seen; -1 before the first. */
  latest: (slot: number) => number
  setLatest: (slot: number, at: number) => void
  /** Rows 1 to `held` are samples held back. */
  held: (slot: number) => number
  setHeld: (slot: number, count: number) => void
  /** A new window: row 0 is its first sample. */
  begin: (slot: number, at: number, values: Float64Array) => void
  hold: (slot: number, at: number, values: Float64Array) => void
  /** The rest of this window is stored as it comes. */
  open: (slot: number, at: number) => void
  isOpen: (slot: number) => boolean
  bytes: () => number
}

const slotsPerChunk = 4096
/** In place of a number of held rows. */
const openMark = 255

type Chunk = { values: Float64Array; times: Float64Array; held: Uint8Array }

/** The part of most series is empty, and then the key is the asset's own string. */
const keyOf = (asset: string, part: string) => (part === '' ? asset : `${asset}\n${part}`)

function createNames(): Pick<SlotTable, 'find' | 'add'> {
  const slotOf = new Map<string, number>()
  return {
    find: (asset, part) => slotOf.get(keyOf(asset, part)),
    add: (asset, part) => {
      const slot = slotOf.size
      slotOf.set(keyOf(asset, part), slot)
      return slot
    },
  }
}

export function createSlots({ width, rows }: { width: number; rows: number }): SlotTable {
  const names = createNames()
  const chunks: Chunk[] = []

  const grow = (): Chunk => {
    const chunk = {
      values: new Float64Array(slotsPerChunk * rows * width),
      times: new Float64Array(slotsPerChunk * rows).fill(-1),
      held: new Uint8Array(slotsPerChunk),
    }
    chunks.push(chunk)
    return chunk
  }
  const chunkOf = (slot: number): Chunk => chunks[Math.floor(slot / slotsPerChunk)] ?? grow()
  const rowAt = (slot: number, row: number): number => (slot % slotsPerChunk) * rows + row
  const heldIn = (slot: number): number => chunkOf(slot).held[slot % slotsPerChunk] ?? 0
  const mark = (slot: number, held: number) => {
    chunkOf(slot).held[slot % slotsPerChunk] = held
  }
  const heldRows = (slot: number) => (heldIn(slot) === openMark ? 0 : heldIn(slot))
  const put = (slot: number, row: number, at: number, values?: Float64Array) => {
    const chunk = chunkOf(slot)
    chunk.times[rowAt(slot, row)] = at
    if (values) chunk.values.set(values, rowAt(slot, row) * width)
  }
  const timeOf = (slot: number, row: number) => chunkOf(slot).times[rowAt(slot, row)] ?? -1
  // An open window keeps its newest time in the last row, which it does not need otherwise.
  const latestRow = (slot: number) => (heldIn(slot) === openMark ? rows - 1 : heldRows(slot))
  return {
    find: names.find,
    add: names.add,
    value: (slot, row, field) =>
      chunkOf(slot).values[rowAt(slot, row) * width + field] ?? Number.NaN,
    timeOf,
    latest: (slot) => timeOf(slot, latestRow(slot)),
    setLatest: (slot, at) => put(slot, latestRow(slot), at),
    held: heldRows,
    setHeld: mark,
    begin: (slot, at, values) => {
      put(slot, 0, at, values)
      mark(slot, 0)
    },
    hold: (slot, at, values) => {
      const row = heldRows(slot) + 1
      put(slot, row, at, values)
      mark(slot, row)
    },
    open: (slot, at) => {
      mark(slot, openMark)
      put(slot, rows - 1, at)
    },
    isOpen: (slot) => heldIn(slot) === openMark,
    bytes: () =>
      chunks.reduce((sum, c) => sum + c.values.byteLength + c.times.byteLength + c.held.length, 0),
  }
}
