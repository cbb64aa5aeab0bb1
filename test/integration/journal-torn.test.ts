import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openFolder } from '../../src/ingest/journal-folder.ts'
import { journalFs } from '../../src/ingest/journal-fs.ts'
import { createJournalReads } from '../../src/ingest/journal-read.ts'
import { createJournalWriter } from '../../src/ingest/journal-writer.ts'
import { frameSize, seedOf, segmentName, writeFrame } from '../../src/ingest/segment.ts'
import { append, readAll, record, startJournal, tempFolder } from '../support/journal-records.ts'

const texts = ['one', 'two', 'three', 'four']
const sizes = texts.map((text) => frameSize(record(text)))
const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size, 0))

/** A folder whose only segment is replaced before each opening. */
async function written(): Promise<{ folder: string; bytes: Buffer }> {
  const folder = tempFolder()
  const journal = await startJournal(folder)
  for (const text of texts) await append(journal, record(text))
  await journal.close()
  return { folder, bytes: readFileSync(join(folder, segmentName(0))) }
}

function putBack(folder: string, bytes: Buffer): void {
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.segment') || name.endsWith('.torn')) rmSync(join(folder, name))
  }
  writeFileSync(join(folder, segmentName(0)), bytes)
}

/** All that the worker thread does on opening, appending and closing, without the thread. */
async function openAndAppend(folder: string, text: string | undefined) {
  const { id, segments } = openFolder(journalFs, folder)
  const seed = seedOf(id)
  const writer = createJournalWriter({ fs: journalFs, folder, segmentBytes: 1e6, segments })
  if (text !== undefined) {
    const bytes = Buffer.alloc(frameSize(record(text)))
    writeFrame(bytes, 0, { record: record(text), seed })
    writer.commit(bytes)
  }
  writer.close()
  const read = createJournalReads({ folder, seed, segments: writer.segments, hot: () => [] })
  const all = await readAll({ read, tail: () => 0 })
  return { texts: all.texts, missing: all.missing }
}

/** Opens, appends, reads; then opens once more, as after a second crash. */
async function liveOn(folder: string): Promise<{ texts: string[]; missing: unknown[] }> {
  const first = await openAndAppend(folder, 'new')
  expect(await openAndAppend(folder, undefined)).toEqual(first)
  return first
}

describe('a journal after a crash', () => {
  test('yields exactly the whole records, wherever its end was cut', async () => {
    const { folder, bytes } = await written()
    for (let cut = ends[0] ?? 0; cut <= bytes.length; cut += 1) {
      putBack(folder, bytes.subarray(0, cut))
      const whole = ends.filter((end) => end <= cut).length
      expect({ cut, ...(await liveOn(folder)) }).toEqual({
        cut,
        texts: [...texts.slice(0, whole), 'new'],
        missing: [],
      })
    }
  })

  test.each([
    ['zeros, as a file system leaves them that grew the file first', Buffer.alloc(5000)],
    ['noise', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256))],
  ])('cuts a tail of %s', async (_, noise) => {
    const { folder, bytes } = await written()
    putBack(folder, Buffer.concat([bytes, noise]))
    expect(await liveOn(folder)).toEqual({ texts: [...texts, 'new'], missing: [] })
  })

  test('loses only the record whose byte has flipped, though it was acknowledged', async () => {
    const { folder, bytes } = await written()
    const [from = 0, to = 0] = [ends[0], ends[1]]
    for (let at = from; at < to; at += 1) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 0xff
      putBack(folder, flipped)
      expect({ at, ...(await liveOn(folder)) }).toEqual({
        at,
        texts: ['one', 'three', 'four', 'new'],
        missing: [{ from, to }],
      })
    }
  })

  test('goes on as before when opened by the hub', async () => {
    const { folder, bytes } = await written()
    for (const cut of [
      (ends[0] ?? 0) + 1,
      (ends[2] ?? 0) + 1,
      (ends[2] ?? 0) + 12,
      bytes.length - 1,
    ]) {
      putBack(folder, bytes.subarray(0, cut))
      const journal = await startJournal(folder)
      await append(journal, record('new'))
      const whole = texts.slice(0, ends.filter((end) => end <= cut).length)
      expect(await readAll(journal, 0)).toMatchObject({ texts: [...whole, 'new'], missing: [] })
      expect(statSync(join(folder, segmentName(0))).size).toBe(ends[whole.length - 1] ?? 0)
      await journal.close()
    }
  })

  test('keeps the torn bytes aside, a few of them only', async () => {
    const { folder, bytes } = await written()
    putBack(folder, bytes.subarray(0, (ends[2] ?? 0) + 7))
    const torn = () => readdirSync(folder).filter((name) => name.endsWith('.torn'))
    await liveOn(folder)
    expect(torn()).toEqual([`${ends[2]}.torn`])
    expect(readFileSync(join(folder, `${ends[2]}.torn`))).toEqual(
      bytes.subarray(ends[2], (ends[2] ?? 0) + 7),
    )
    for (let i = 0; i < 10; i += 1) {
      const last = readdirSync(folder)
        .filter((name) => name.endsWith('.segment'))
        .sort()
        .at(-1)
      writeFileSync(join(folder, last ?? ''), 'torn', { flag: 'a' })
      await liveOn(folder)
    }
    expect(torn()).toHaveLength(5)
  })

  test('survives being killed while a new segment or its identity was made', async () => {
    const { folder } = await written()
    const end = ends.at(-1) ?? 0
    writeFileSync(join(folder, segmentName(end)), '')
    writeFileSync(join(folder, 'journal.json.new'), '{"for')
    writeFileSync(join(folder, 'probe'), 'x')
    expect(await liveOn(folder)).toEqual({ texts: [...texts, 'new'], missing: [] })
  })

  test('ignores what a failed write left behind the start of the next segment', async () => {
    const { folder, bytes } = await written()
    const third = ends[2] ?? 0
    copyFileSync(join(folder, segmentName(0)), join(folder, segmentName(third)))
    writeFileSync(join(folder, segmentName(third)), bytes.subarray(0, ends[0]))
    expect(await liveOn(folder)).toEqual({
      texts: ['one', 'two', 'three', 'one', 'new'],
      missing: [],
    })
  })
})
