import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createManualClock } from '../../src/core/clock.ts'
import type { JournalState } from '../../src/ingest/journal-health.ts'
import { frameSize, segmentName } from '../../src/ingest/segment.ts'
import {
  append,
  appendAll,
  readAll,
  record,
  startJournal,
  tempFolder,
  textOf,
} from '../support/journal-records.ts'
import { until } from '../support/until.ts'

const texts = (count: number, tag = 'r') => Array.from({ length: count }, (_, i) => `${tag}${i}`)
const oneFrame = frameSize(record('r00'))
const segmentFiles = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.segment'))
    .sort()

describe('the journal', () => {
  test('gives back what was appended, in order, from memory and from the files', async () => {
    const folder = tempFolder()
    const journal = await startJournal(folder)
    const sent = texts(300)
    expect(await appendAll(journal, sent)).toEqual(sent)
    const warm = await readAll(journal, 0, 500)
    expect(warm.texts).toEqual(sent)
    expect(warm.entries[0]).toMatchObject({
      agentId: 'agent-001',
      channel: 'telemetry',
      position: 0,
    })
    expect(warm.entries.at(-1)?.next).toBe(journal.head())
    const { id } = journal
    await journal.close()
    const again = await startJournal(folder)
    expect(again.id).toBe(id)
    const cold = await readAll(again, 0, 500)
    expect(cold).toEqual(warm)
    expect(await appendAll(again, ['more'])).toEqual(['more'])
    expect((await readAll(again)).texts).toEqual([...sent, 'more'])
  })

  test('reads from any record on, and at least one whatever the allowance', async () => {
    const journal = await startJournal(tempFolder(), { segmentBytes: 200 })
    await appendAll(journal, [...texts(5), 'x'.repeat(100_000), 'end'])
    const { entries } = await readAll(journal)
    for (const [at, entry] of entries.entries()) {
      const part = await journal.read(entry.position, 1)
      expect(part.entries.map(textOf)).toEqual([textOf(entry)])
      expect((await readAll(journal, entry.position)).entries).toHaveLength(entries.length - at)
    }
  })

  test('answers in order, also refusals', async () => {
    const journal = await startJournal(tempFolder(), { maxBytes: oneFrame * 16 })
    const order: string[] = []
    await Promise.all(
      texts(60).map((text) =>
        append(journal, record(text)).then(
          () => order.push(text),
          () => order.push(text),
        ),
      ),
    )
    expect(order).toEqual(texts(60))
    expect(journal.stats().refused).toBeGreaterThan(0)
  })

  test('goes on answering when a callback throws', async () => {
    const journal = await startJournal(tempFolder())
    journal.append(record('a'), () => {
      throw new Error('from the callback')
    })
    await append(journal, record('b'))
    expect((await readAll(journal)).texts).toEqual(['a', 'b'])
  })

  test('groups what comes together into one sync', async () => {
    const journal = await startJournal(tempFolder())
    await appendAll(journal, texts(500))
    expect(journal.stats()).toMatchObject({ commits: 1, records: 500 })
  })

  test('refuses what it cannot hold and counts it', async () => {
    const journal = await startJournal(tempFolder(), { maxWaitingBytes: 1000 })
    await expect(append(journal, record('x'.repeat(2000)))).rejects.toThrow('behind')
    await append(journal, record('fits'))
    expect(journal.stats().refused).toBe(1)
  })

  test('rolls segments and trims those below all cursors', async () => {
    const folder = tempFolder()
    const journal = await startJournal(folder, { segmentBytes: oneFrame * 3 })
    for (const text of texts(10)) await append(journal, record(text))
    expect(segmentFiles(folder)).toHaveLength(4)
    const { entries } = await readAll(journal)
    const fifth = entries[4]?.position ?? 0
    await journal.trim(fifth)
    expect(journal.tail()).toBe(oneFrame * 3 - 3)
    expect((await readAll(journal)).texts).toEqual(texts(10).slice(3))
    expect((await readAll(journal, 0)).missing).toEqual([{ from: 0, to: journal.tail() }])
    await journal.trim(journal.head())
    expect(segmentFiles(folder)).toHaveLength(1)
    expect(journal.stats()).toMatchObject({
      segments: 1,
      bytes: statSync(join(folder, segmentFiles(folder)[0] ?? '')).size,
    })
  })

  test('keeps counting positions when everything was trimmed', async () => {
    const folder = tempFolder()
    const journal = await startJournal(folder, { maxBytes: oneFrame * 40 })
    await appendAll(journal, texts(100))
    const head = journal.head()
    expect(journal.state()).toBe('full')
    await journal.trim(head)
    expect(journal.stats().bytes).toBe(0)
    await journal.close()
    const again = await startJournal(folder)
    expect([again.head(), again.tail(), again.id]).toEqual([head, head, journal.id])
    await append(again, record('later'))
    expect((await readAll(again, head)).texts).toEqual(['later'])
  })

  test('is full at its allowance, says so once, and recovers when readers let it be trimmed', async () => {
    const states: [JournalState, string | undefined][] = []
    const journal = await startJournal(tempFolder(), {
      maxBytes: 4000,
      onState: (state, reason) => states.push([state, reason]),
    })
    const acked = await appendAll(journal, texts(200))
    expect(acked.length).toBeLessThan(200)
    expect(journal.stats()).toMatchObject({ full: true, refused: 200 - acked.length })
    expect(journal.stats().bytes).toBeLessThanOrEqual(4000)
    expect((await readAll(journal)).texts).toEqual(acked)
    await journal.trim(journal.head())
    expect(states).toEqual([
      ['full', 'the journal has used up its allowance'],
      ['ok', undefined],
    ])
    await append(journal, record('again'))
  })

  test('stays full over a restart', async () => {
    const folder = tempFolder()
    const journal = await startJournal(folder, { maxBytes: 2000 })
    await appendAll(journal, texts(200))
    await journal.close()
    const again = await startJournal(folder, { maxBytes: 2000 })
    await expect(append(again, record('one too many'))).rejects.toThrow('allowance')
  })

  test('wakes who waits for records, until told to stop', async () => {
    const journal = await startJournal(tempFolder())
    const heads: number[] = []
    const off = journal.onAppended(() => heads.push(journal.head()))
    await append(journal, record('a'))
    off()
    await append(journal, record('b'))
    expect(heads).toEqual([frameSize(record('a'))])
  })

  test('syncs what waits when closed, and refuses what comes later', async () => {
    const folder = tempFolder()
    const journal = await startJournal(folder)
    const last = appendAll(journal, texts(50))
    await journal.close()
    expect(await last).toEqual(texts(50))
    await expect(append(journal, record('late'))).rejects.toThrow('closed')
    expect((await readAll(await startJournal(folder))).texts).toEqual(texts(50))
  })

  test('tells until when all that arrived is settled', async () => {
    const clock = createManualClock(1_760_000_000_000)
    const journal = await startJournal(tempFolder(), { clock, maxBytes: 4000 })
    expect(journal.settledUntil()).toBe(clock.now())
    const waiting = append(journal, { ...record('old'), receivedAt: clock.now() - 50 })
    expect(journal.settledUntil()).toBe(clock.now() - 50)
    await waiting
    expect(journal.settledUntil()).toBe(clock.now())
    await appendAll(journal, texts(200))
    const fullSince = clock.now()
    clock.advance(3_600_000)
    expect(journal.settledUntil()).toBe(fullSince)
    await journal.trim(journal.head())
    expect(journal.settledUntil()).toBe(clock.now())
  })

  test('starts a new identity in a folder that lost its segments', async () => {
    const folder = tempFolder()
    const journal = await startJournal(folder)
    await append(journal, record('a'))
    await journal.close()
    for (const name of segmentFiles(folder)) rmSync(join(folder, name))
    expect((await startJournal(folder)).id).not.toBe(journal.id)
  })

  test('says so when a cursor lies behind all it knows', async () => {
    const journal = await startJournal(tempFolder())
    await append(journal, record('a'))
    const head = journal.head()
    expect(await journal.read(head + 500, 1000)).toEqual({
      entries: [],
      next: head,
      missing: { from: head, to: head + 500 },
    })
  })

  test.each([
    ['a lost file', (path: string) => renameSync(path, `${path}.away`)],
    ['a file cut short', (path: string) => truncateSync(path, 0)],
    ['a file of noise', (path: string) => writeFileSync(path, Buffer.alloc(oneFrame * 3, 7))],
  ])('skips %s in the middle and reports the range', async (_, damage) => {
    const folder = tempFolder()
    const journal = await startJournal(folder, { segmentBytes: oneFrame * 3 })
    for (const text of texts(9, 'rr')) await append(journal, record(text))
    await journal.close()
    damage(join(folder, segmentName(oneFrame * 3)))
    const again = await startJournal(folder)
    const { texts: read, missing } = await readAll(again)
    expect(read).toEqual(texts(9, 'rr').toSpliced(3, 3))
    const lost = missing.map((range) => [range?.from, range?.to])
    expect(lost).toEqual([[oneFrame * 3, oneFrame * 6]])
  })

  test('refuses a folder of another format and one whose identity is lost', async () => {
    const folder = tempFolder()
    const journal = await startJournal(folder)
    await append(journal, record('a'))
    await journal.close()
    const path = join(folder, 'journal.json')
    const identity = JSON.parse(readFileSync(path, 'utf8'))
    writeFileSync(path, JSON.stringify({ ...identity, format: 99 }))
    await expect(startJournal(folder)).rejects.toThrow('format 99')
    rmSync(path)
    await expect(startJournal(folder)).rejects.toThrow('journal.json')
    writeFileSync(path, JSON.stringify(identity))
    expect((await readAll(await startJournal(folder))).texts).toEqual(['a'])
  })

  test('cannot be opened twice, and the refusal names the folder and the process', async () => {
    const folder = tempFolder()
    const journal = await startJournal(folder)
    await expect(startJournal(folder)).rejects.toThrow(
      `journal folder ${folder} is in use by process ${process.pid}`,
    )
    await append(journal, record('undisturbed'))
    await journal.close()
    expect((await readAll(await startJournal(folder))).texts).toEqual(['undisturbed'])
  })

  test('is opened by others only after its holder has died, however it died', async () => {
    const folder = tempFolder()
    const { spawn } = await import('node:child_process')
    const holder = spawn(process.execPath, [
      join(import.meta.dirname, '../support/journal-holder.ts'),
      folder,
    ])
    const output: string[] = []
    holder.stdout.on('data', (chunk) => output.push(String(chunk)))
    await until(() => output.join('').includes('open'))
    await expect(startJournal(folder)).rejects.toThrow(`in use by process ${holder.pid}`)
    holder.kill('SIGKILL')
    const journal = await until(() => startJournal(folder))
    await append(journal, record('mine now'))
    expect((await readAll(journal)).texts).toEqual(['mine now'])
  })
})
