import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type JournalFs, journalFs } from '../../src/ingest/journal-fs.ts'
import { createJournalWriter } from '../../src/ingest/journal-writer.ts'
import { segmentName } from '../../src/ingest/segment.ts'
import { tempFolder } from '../support/journal-records.ts'

/** A writer whose file system fails once where it is told to, and writes down what it did. */
function spoiled(segmentBytes = 1000) {
  const folder = tempFolder()
  const steps: string[] = []
  const next: { failing?: keyof JournalFs } = {}
  const step = (name: keyof JournalFs, on: string | number) => {
    steps.push(`${name} ${typeof on === 'string' ? on.slice(folder.length + 1) : ''}`.trim())
    if (next.failing !== name) return
    delete next.failing
    throw new Error(`${name} failed`)
  }
  const fs: JournalFs = {
    ...journalFs,
    create: (path) => {
      step('create', path)
      return journalFs.create(path)
    },
    remove: (path) => {
      step('remove', path)
      journalFs.remove(path)
    },
    write: (fd, bytes, at) => {
      if (next.failing === 'write') journalFs.write(fd, bytes.subarray(0, 3), at)
      step('write', fd)
      return journalFs.write(fd, bytes, at)
    },
    sync: (fd) => {
      step('sync', fd)
      journalFs.sync(fd)
    },
    truncate: (fd, length) => {
      step('truncate', fd)
      journalFs.truncate(fd, length)
    },
    syncFolder: (path) => {
      step('syncFolder', path)
      journalFs.syncFolder(path)
    },
  }
  const writer = createJournalWriter({ fs, folder, segmentBytes, segments: [] })
  const content = (base: number) => readFileSync(join(folder, segmentName(base)), 'utf8')
  return { writer, steps, next, content }
}

const bytes = (text: string) => Buffer.from(text)

describe('the writer of a journal', () => {
  test('syncs the name before the first bytes, and the bytes before it returns', () => {
    const { writer, steps } = spoiled()
    writer.commit(bytes('one'))
    writer.commit(bytes('two'))
    const name = segmentName(0)
    expect(steps).toEqual([`create ${name}`, 'syncFolder', 'write', 'sync', 'write', 'sync'])
  })

  test.each(['write', 'sync'] as const)('leaves a segment for good whose %s failed', (failing) => {
    const { writer, next, content } = spoiled()
    writer.commit(bytes('one'))
    next.failing = failing
    expect(() => writer.commit(bytes('lost'))).toThrow(`${failing} failed`)
    expect(writer.end()).toBe(3)
    expect(writer.commit(bytes('two'))).toEqual({ from: 3, end: 6 })
    expect([content(0), content(3)]).toEqual(['one', 'two'])
    expect(writer.segments()).toMatchObject([
      { base: 0, end: 3, bytes: 3 },
      { base: 3, end: 6, bytes: 3 },
    ])
  })

  test('makes a new file where the very first bytes of one could not be synced', () => {
    const { writer, steps, next, content } = spoiled()
    next.failing = 'sync'
    expect(() => writer.commit(bytes('lost'))).toThrow('sync failed')
    steps.length = 0
    writer.commit(bytes('one'))
    const name = segmentName(0)
    expect(steps.slice(0, 3)).toEqual([`remove ${name}`, `create ${name}`, 'syncFolder'])
    expect(content(0)).toBe('one')
    expect(writer.segments()).toMatchObject([{ base: 0, end: 3, bytes: 3 }])
  })

  test.each(['create', 'syncFolder'] as const)(
    'writes nothing when %s of a segment failed',
    (failing) => {
      const { writer, steps, next, content } = spoiled(4)
      writer.commit(bytes('one'))
      next.failing = failing
      steps.length = 0
      expect(() => writer.commit(bytes('lost'))).toThrow(`${failing} failed`)
      expect(steps).not.toContain('write')
      writer.commit(bytes('two'))
      expect([content(0), content(3)]).toEqual(['one', 'two'])
    },
  )

  test('trims nothing that a cursor still needs', () => {
    const { writer } = spoiled(3)
    for (const text of ['one', 'two', 'six']) writer.commit(bytes(text))
    const bases = () => writer.segments().map((one) => one.base)
    writer.trim(2, false)
    expect(bases()).toEqual([0, 3, 6])
    writer.trim(3, false)
    expect(bases()).toEqual([3, 6])
    writer.trim(8, true)
    expect(bases()).toEqual([6])
    writer.trim(9, false)
    expect(bases()).toEqual([6])
    writer.trim(9, true)
    expect([bases(), writer.end()]).toEqual([[9], 9])
  })
})
