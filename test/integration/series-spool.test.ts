import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/core/log.ts'
import type { Point } from '../../src/ingest/series.ts'
import { openSpool, type Spool } from '../../src/ingest/spool.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ansang-spool-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const openIt = (extra: object = {}) => openSpool({ folder, log: silentLog, ...extra })

const batch = (n: number, size = 3): Point[] =>
  Array.from({ length: size }, (_, i) => ({
    measurement: 'ups',
    asset: `Trạm ${i}`,
    part: '',
    at: n * 1000 + i,
    fields: { in_v: n + i / 7 },
  }))

async function readAll(spool: Spool, mostPoints = 1): Promise<Point[]> {
  const points: Point[] = []
  for (let one = await spool.next(mostPoints); one; one = await spool.next(mostPoints)) {
    points.push(...one.points)
    await one.done()
  }
  return points
}

const expected = (...numbers: number[]) => numbers.flatMap((n) => batch(n))
const files = () => readdirSync(folder).sort()

describe('spool', () => {
  it('gives batches back in order, exactly as they were, and deletes what was taken', async () => {
    const spool = await openIt()
    for (const n of [1, 2, 3]) expect(await spool.append(batch(n))).toBe(true)
    expect(await readAll(spool)).toEqual(expected(1, 2, 3))
    expect(files()).toEqual([])
    expect(spool.stats()).toEqual({ bytes: 0, segments: 0, full: false, damaged: 0 })
    expect(await spool.next()).toBeUndefined()
  })

  it('joins small batches up to the points asked for', async () => {
    const spool = await openIt()
    for (const n of [1, 2, 3, 4, 5]) await spool.append(batch(n))
    const first = await spool.next(7)
    expect(first?.points).toEqual(expected(1, 2, 3))
    await first?.done()
    expect((await spool.next(100))?.points).toEqual(expected(4, 5))
  })

  it('keeps a batch until it is done, also over a restart', async () => {
    const spool = await openIt()
    for (const n of [1, 2]) await spool.append(batch(n))
    await spool.next(1)
    await spool.close()
    const again = await openIt()
    expect((await again.next(1))?.points).toEqual(expected(1))
    expect(await readAll(again)).toEqual(expected(1, 2))
  })

  it('reads what is appended while it drains, over several segments', async () => {
    const spool = await openIt({ segmentBytes: 300 })
    for (let n = 0; n < 10; n++) await spool.append(batch(n))
    expect(spool.stats().segments).toBeGreaterThan(2)
    const first = await spool.next(1)
    await spool.append(batch(10))
    await first?.done()
    const rest = await readAll(spool)
    expect(rest).toEqual(expected(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))
    await spool.append(batch(11))
    expect(await readAll(spool)).toEqual(expected(11))
  })

  it('refuses new batches when the quota is reached, and takes them again when there is room', async () => {
    const spool = await openIt({ maxBytes: 700, segmentBytes: 200 })
    let kept = 0
    while (await spool.append(batch(kept))) kept += 1
    expect(kept).toBeGreaterThan(1)
    expect(spool.stats()).toMatchObject({ full: true })
    expect(spool.stats().bytes).toBeLessThanOrEqual(700)
    const numbers = Array.from({ length: kept }, (_, n) => n)
    expect(await readAll(spool)).toEqual(expected(...numbers))
    expect(spool.stats().full).toBe(false)
    expect(await spool.append(batch(99))).toBe(true)
  })

  it('cuts a torn tail at every byte and goes on behind it', async () => {
    const whole = await openIt()
    await whole.append(batch(1))
    const firstEnd = whole.stats().bytes
    await whole.append(batch(2))
    const [name = ''] = files()
    const content = readFileSync(join(folder, name))
    for (let cut = firstEnd; cut < content.length; cut++) {
      writeFileSync(join(folder, name), content.subarray(0, cut))
      const spool = await openIt()
      expect(spool.stats().damaged).toBe(cut === firstEnd ? 0 : 1)
      expect(await spool.append(batch(3))).toBe(true)
      expect(await readAll(spool)).toEqual(expected(1, 3))
    }
  })

  it('leaves out a damaged frame and what follows it in that segment, and says so', async () => {
    const spool = await openIt({ segmentBytes: 1 })
    for (const n of [1, 2, 3]) await spool.append(batch(n))
    const middle = join(folder, files()[1] ?? '')
    const bytes = readFileSync(middle)
    bytes[20] = (bytes[20] ?? 0) ^ 0xff
    writeFileSync(middle, bytes)
    expect(await readAll(spool)).toEqual(expected(1, 3))
    expect(spool.stats().damaged).toBe(1)
  })

  it('opens a folder with strange and empty files', async () => {
    writeFileSync(join(folder, 'notes.txt'), 'hello')
    writeFileSync(join(folder, '000000007.spool'), '')
    const spool = await openIt()
    expect(await spool.next()).toBeUndefined()
    await spool.append(batch(1))
    expect(await readAll(spool)).toEqual(expected(1))
    expect(files()).toContain('notes.txt')
  })

  it('does not put a batch behind garbage', async () => {
    const spool = await openIt()
    await spool.append(batch(1))
    await spool.close()
    appendFileSync(join(folder, files()[0] ?? ''), 'garbage that looks like nothing')
    const again = await openIt()
    await again.append(batch(2))
    expect(await readAll(again)).toEqual(expected(1, 2))
  })

  it('says no when the disk does, without throwing', async () => {
    const spool = await openIt()
    rmSync(folder, { recursive: true })
    expect(await spool.append(batch(1))).toBe(false)
  })

  it('packs telemetry to a few bytes a point', async () => {
    const spool = await openIt()
    const many = Array.from({ length: 200 }, (_, n) => batch(n, 25)).flat()
    await spool.append(many)
    expect(spool.stats().bytes / many.length).toBeLessThan(16)
    truncateSync(join(folder, files()[0] ?? ''), spool.stats().bytes - 1)
    expect(statSync(join(folder, files()[0] ?? '')).size).toBeGreaterThan(0)
    expect(await readAll(await openIt())).toEqual([])
  })
})
