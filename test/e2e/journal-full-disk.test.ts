import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createManualClock } from '../../src/core/clock.ts'
import { append, appendAll, readAll, record, startJournal } from '../support/journal-records.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { until } from '../support/until.ts'

const disk = mountSmallDisk(2048)

/** Fills the rest of the disk with a foreign file. */
function fillUp(path: string): void {
  const fd = openSync(path, 'w')
  const fillWith = (size: number) => {
    try {
      while (writeSync(fd, Buffer.alloc(size)) === size);
    } catch {
      // Full for pieces of this size.
    }
  }
  for (const size of [65_536, 4096, 1]) fillWith(size)
  closeSync(fd)
}

describe.runIf(disk)('a journal on a real disk that is full', () => {
  const at = disk?.at ?? ''
  afterAll(() => disk?.remove())
  const texts = (tag: string, count = 20) =>
    Array.from({ length: count }, (_, i) => `${tag}-${i}-${'x'.repeat(500)}`)

  test('refuses, survives a restart, and recovers when somebody frees the disk', async () => {
    const folder = join(at, 'journal')
    const states: string[] = []
    const clock = createManualClock(1_760_000_000_000)
    const options = { clock, segmentBytes: 65_536, onState: (state: string) => states.push(state) }
    const journal = await startJournal(folder, options)
    const kept = await appendAll(journal, texts('before'))
    fillUp(join(at, 'foreign'))
    while (journal.state() === 'ok') kept.push(...(await appendAll(journal, texts('tight', 5))))
    expect(states).toEqual(['full'])
    await clock.live(60_000)
    await expect(append(journal, record('refused'))).rejects.toThrow('ENOSPC')
    expect((await readAll(journal)).texts).toEqual(kept)
    await journal.close()

    const again = await startJournal(folder, options)
    expect((await readAll(again)).texts).toEqual(kept)
    await expect(append(again, record('y'.repeat(8000)))).rejects.toThrow('ENOSPC')
    rmSync(join(at, 'foreign'))
    await until(async () => {
      await clock.live(5000)
      return again.state() === 'ok'
    })
    kept.push(...(await appendAll(again, texts('after'))))
    expect(await readAll(again)).toMatchObject({ texts: kept, missing: [] })
    expect(states).toEqual(['full', 'full', 'ok'])
    await again.close()
    rmSync(folder, { recursive: true })
  })

  test('recovers by itself when its readers are done', async () => {
    const journal = await startJournal(join(at, 'journal'), {
      segmentBytes: 65_536,
      clock: createManualClock(1_760_000_000_000),
    })
    const kept: string[] = []
    while (journal.state() === 'ok') kept.push(...(await appendAll(journal, texts('t', 50))))
    expect(kept.length).toBeGreaterThan(2500)
    const { texts: read, entries } = await readAll(journal)
    expect(read).toEqual(kept)
    await journal.trim(entries.at(-10)?.position ?? 0)
    expect(journal.state()).toBe('ok')
    await append(journal, record('goes on'))
    expect((await readAll(journal)).texts.slice(-11)).toEqual([...kept.slice(-10), 'goes on'])
  })
})
