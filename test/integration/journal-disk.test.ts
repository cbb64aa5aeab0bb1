import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { createManualClock } from '../../src/core/clock.ts'
import type { JournalOptions } from '../../src/ingest/journal.ts'
import { segmentName } from '../../src/ingest/segment.ts'
import type { Faults } from '../support/failing-fs.ts'
import {
  append,
  appendAll,
  readAll,
  record,
  startJournal,
  tempFolder,
} from '../support/journal-records.ts'
import { until } from '../support/until.ts'

const failingFs = pathToFileURL(join(import.meta.dirname, '../support/failing-fs.ts')).href
const texts = (tag: string, count = 20) => Array.from({ length: count }, (_, i) => `${tag}-${i}`)

/** A journal on a disk that `faults` can spoil, on a clock that moves by hand. */
async function onBadDisk(options: Partial<JournalOptions> = {}) {
  const at = tempFolder()
  const folder = join(at, 'journal')
  mkdirSync(folder)
  const control = join(at, 'faults.json')
  const faults = (what: Faults) => {
    // The worker must never read half of it.
    writeFileSync(`${control}.new`, JSON.stringify(what))
    renameSync(`${control}.new`, control)
  }
  faults({})
  const states: string[] = []
  const clock = createManualClock(1_760_000_000_000)
  const all = {
    clock,
    fsModule: `${failingFs}?control=${control}`,
    onState: (state: string) => states.push(state),
    ...options,
  }
  return { folder, faults, states, clock, all, journal: await startJournal(folder, all) }
}

const spoilings: [string, Faults, string][] = [
  ['a full disk', { fail: { write: 'ENOSPC' }, partial: 33 }, 'full'],
  ['a used up quota', { fail: { write: 'EDQUOT' }, partial: 1 }, 'full'],
  ['a disk that cannot write', { fail: { write: 'EIO' }, partial: 50 }, 'failing'],
  [
    'a folder that became read-only',
    { fail: { write: 'EROFS', truncate: 'EROFS', create: 'EROFS' } },
    'failing',
  ],
  ['a disk that cannot sync', { fail: { sync: 'EIO' } }, 'failing'],
  [
    'a disk that can neither write nor take back',
    { fail: { write: 'EIO', truncate: 'EIO' }, partial: 77 },
    'failing',
  ],
  [
    'a disk that can neither sync nor take back',
    { fail: { sync: 'EIO', truncate: 'EIO' } },
    'failing',
  ],
]

describe('a journal on a bad disk', () => {
  test.each(spoilings)(
    '%s: refuses, says so once, recovers by itself, loses nothing',
    async (_, what, state) => {
      const { folder, faults, states, clock, all, journal } = await onBadDisk()
      expect(await appendAll(journal, texts('before'))).toHaveLength(20)
      faults(what)
      for (const tag of ['bad', 'worse']) {
        expect(await appendAll(journal, texts(tag))).toEqual([])
        await clock.live(5000)
      }
      expect(states).toEqual([state])
      expect(journal.stats()).toMatchObject({ refused: 40, full: state === 'full' })
      expect((await readAll(journal)).texts).toEqual(texts('before'))
      faults({})
      await until(async () => {
        await clock.live(5000)
        return journal.state() === 'ok'
      })
      expect(await appendAll(journal, texts('after'))).toHaveLength(20)
      expect(states).toEqual([state, 'ok'])
      const kept = [...texts('before'), ...texts('after')]
      expect(await readAll(journal)).toMatchObject({ texts: kept, missing: [] })
      await journal.close()
      const again = await startJournal(folder, all)
      expect(await readAll(again)).toMatchObject({ texts: kept, missing: [] })
    },
  )

  test.each([...spoilings])('%s from the very first record on', async (_, what) => {
    const { faults, clock, journal } = await onBadDisk()
    faults(what)
    expect(await appendAll(journal, texts('bad'))).toEqual([])
    faults({})
    await until(async () => {
      await clock.live(5000)
      return journal.state() === 'ok'
    })
    expect(await appendAll(journal, texts('after'))).toHaveLength(20)
    expect(await readAll(journal)).toMatchObject({ texts: texts('after'), missing: [] })
  })

  test('killed while the disk was bad: at most what was refused comes back, and nothing is lost', async () => {
    const { folder, faults, all, journal } = await onBadDisk()
    await appendAll(journal, texts('before'))
    faults({ fail: { sync: 'EIO', truncate: 'EIO' } })
    await appendAll(journal, texts('bad', 3))
    expect(readFileSync(join(folder, segmentName(0)), 'latin1')).toContain('bad-2')
    await journal.close()
    faults({})
    const again = await startJournal(folder, all)
    expect((await readAll(again)).texts).toEqual([...texts('before'), ...texts('bad', 3)])
  })

  test('refuses also what gathered behind a batch that failed, for order must hold', async () => {
    const { faults, clock, journal } = await onBadDisk()
    await append(journal, record('before'))
    faults({ once: 'sync' })
    const first = append(journal, record('one'))
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    const second = append(journal, record('two'))
    await expect(first).rejects.toThrow('EIO')
    await expect(second).rejects.toThrow('EIO')
    await until(async () => {
      await clock.live(5000)
      return journal.state() === 'ok'
    })
    expect((await readAll(journal)).texts).toEqual(['before'])
  })

  test('never uses a segment again whose sync has failed', async () => {
    const { folder, faults, clock, journal } = await onBadDisk()
    await appendAll(journal, texts('before', 1))
    const end = journal.head()
    faults({ fail: { sync: 'EIO' } })
    await appendAll(journal, texts('bad', 1))
    faults({})
    await until(async () => {
      await clock.live(5000)
      return journal.state() === 'ok'
    })
    await append(journal, record('after'))
    expect(readFileSync(join(folder, segmentName(end)), 'latin1')).toContain('after')
    expect(readFileSync(join(folder, segmentName(0)), 'latin1')).not.toContain('after')
  })

  test('a segment whose name cannot be made durable is not used', async () => {
    const { faults, clock, journal } = await onBadDisk()
    faults({ fail: { syncFolder: 'EIO' } })
    expect(await appendAll(journal, texts('bad'))).toEqual([])
    faults({})
    await until(async () => {
      await clock.live(5000)
      return journal.state() === 'ok'
    })
    expect(await appendAll(journal, ['x'])).toEqual(['x'])
    expect((await readAll(journal)).texts).toEqual(['x'])
  })

  test('fills an honest disk to the brim, and recovers as soon as readers free it', async () => {
    const { faults, states, journal } = await onBadDisk({ segmentBytes: 4096 })
    faults({ quota: 20_000 })
    const acked: string[] = []
    for (let i = 0; journal.state() === 'ok'; i += 1) {
      acked.push(...(await appendAll(journal, texts(`t${i}`, 10))))
    }
    expect(acked.length).toBeGreaterThan(100)
    expect((await readAll(journal)).texts).toEqual(acked)
    await journal.trim(journal.head() - 6000)
    expect(states).toEqual(['full', 'ok'])
    const left = await readAll(journal)
    expect(acked.slice(-left.texts.length)).toEqual(left.texts)
    await append(journal, record('goes on'))
  })

  test('a worker that ends is started again, and nothing that was acknowledged is lost', async () => {
    const { faults, states, clock, journal } = await onBadDisk()
    await appendAll(journal, texts('before'))
    faults({ crash: 'sync' })
    expect(await appendAll(journal, texts('crash', 2))).toEqual([])
    expect(await appendAll(journal, texts('down', 2))).toEqual([])
    await until(async () => {
      await clock.live(5000)
      return journal.state() === 'ok'
    })
    await append(journal, record('after'))
    expect(states).toEqual(['failing', 'ok'])
    const { texts: read } = await readAll(journal)
    expect(read.filter((text) => !text.startsWith('crash'))).toEqual([...texts('before'), 'after'])
  })

  test('closes although its disk is bad, and lets the folder go', async () => {
    const { folder, faults, all, journal } = await onBadDisk()
    faults({ fail: { write: 'EIO' } })
    await appendAll(journal, texts('bad'))
    await journal.close()
    faults({})
    await append(await startJournal(folder, all), record('fine'))
  })

  test.each(['makeFolder', 'list', 'create', 'syncFolder'] as const)(
    'cannot be opened when %s fails, and says why',
    async (operation) => {
      const at = tempFolder()
      const control = join(at, 'faults.json')
      writeFileSync(control, JSON.stringify({ fail: { [operation]: 'EACCES' } }))
      const folder = join(at, 'journal')
      const options = { fsModule: `${failingFs}?control=${control}` }
      await expect(startJournal(folder, options)).rejects.toThrow('EACCES')
      writeFileSync(control, '{}')
      await append(await startJournal(folder, options), record('fine now'))
      expect(readdirSync(folder)).toContain('journal.json')
    },
  )
})
