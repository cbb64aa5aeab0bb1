import { describe, expect, onTestFinished, test } from 'vitest'
import { createManualClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import type { Journal } from '../../src/ingest/journal.ts'
import { createReader, type Reader, type ReaderOptions } from '../../src/ingest/reader.ts'
import {
  append,
  appendAll,
  record,
  startJournal,
  tempFolder,
  textOf,
} from '../support/journal-records.ts'
import { until } from '../support/until.ts'

const start = 1_760_000_000_000

/** A reader that writes down what it handled; `gate` can hold it up or make it fail. */
function follow(
  journal: Journal,
  options: Partial<ReaderOptions> & { gate?: () => Promise<void> } = {},
) {
  const clock = options.clock ?? createManualClock(start)
  const seen: string[] = []
  const missing: unknown[] = []
  let cursor = 0
  const reader: Reader = createReader({
    journal,
    name: 'test',
    clock,
    log: silentLog,
    from: async () => cursor,
    handle: async (entries, next, gap) => {
      await options.gate?.()
      seen.push(...entries.map(textOf))
      if (gap) missing.push(gap)
      cursor = next
    },
    ...options,
  })
  onTestFinished(() => reader.stop())
  return { reader, seen, missing, cursor: () => cursor }
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `r${i}`)

describe('a reader', () => {
  test('handles all from its cursor on and follows without polling', async () => {
    const journal = await startJournal(tempFolder())
    await appendAll(journal, numbered(100))
    const { reader, seen, cursor } = follow(journal, { maxBytes: 300 })
    await until(() => reader.caughtUp())
    await append(journal, record('live'))
    await until(() => seen.includes('live'))
    expect(seen).toEqual([...numbered(100), 'live'])
    await until(() => reader.caughtUp())
    expect([reader.position(), cursor()]).toEqual([journal.head(), journal.head()])
  })

  test('goes on where the last one stopped', async () => {
    const journal = await startJournal(tempFolder())
    await appendAll(journal, numbered(10))
    const first = follow(journal)
    await until(() => first.reader.caughtUp())
    await first.reader.stop()
    await append(journal, record('next'))
    const second = follow(journal, { from: async () => first.cursor() })
    await until(() => second.reader.caughtUp())
    expect(second.seen).toEqual(['next'])
    expect(first.seen).not.toContain('next')
  })

  test('brings the same records again when handling failed, and loses none', async () => {
    const clock = createManualClock(start)
    const journal = await startJournal(tempFolder())
    let failures = 3
    const { reader, seen } = follow(journal, {
      clock,
      maxBytes: 200,
      gate: async () => {
        if (failures-- > 0) throw new Error('database is away')
      },
    })
    await appendAll(journal, numbered(50))
    await until(async () => {
      await clock.live(30_000)
      return reader.caughtUp()
    })
    expect(seen).toEqual(numbered(50))
  })

  test('asks again for its cursor when that failed', async () => {
    const clock = createManualClock(start)
    const journal = await startJournal(tempFolder())
    await append(journal, record('a'))
    let asked = 0
    const { reader, seen } = follow(journal, {
      clock,
      from: async () => {
        asked += 1
        if (asked < 3) throw new Error('database is away')
        return 0
      },
    })
    expect([reader.caughtUp(), reader.watermark()]).toEqual([false, 0])
    await until(async () => {
      await clock.live(30_000)
      return reader.caughtUp()
    })
    expect([asked, seen]).toEqual([3, ['a']])
  })

  test('reports what was trimmed unread, once, and goes on behind it', async () => {
    const journal = await startJournal(tempFolder(), { segmentBytes: 100 })
    for (const text of numbered(9)) await append(journal, record(text))
    await journal.trim(journal.head() - 100)
    const { reader, seen, missing } = follow(journal)
    await until(() => reader.caughtUp())
    expect(missing).toEqual([{ from: 0, to: journal.tail() }])
    expect(seen.length).toBeGreaterThan(0)
    expect(numbered(9).slice(-seen.length)).toEqual(seen)
  })

  test('goes back when its cursor lies behind all that the journal knows', async () => {
    const journal = await startJournal(tempFolder())
    await append(journal, record('a'))
    const head = journal.head()
    const { reader, seen, missing } = follow(journal, { from: async () => head + 900 })
    await until(() => reader.caughtUp())
    await append(journal, record('b'))
    await until(() => seen.length > 0)
    expect([seen, missing]).toEqual([['b'], [{ from: head, to: head + 900 }]])
  })

  test('stops while it is handling, after that', async () => {
    const journal = await startJournal(tempFolder())
    const held = Promise.withResolvers<void>()
    const { reader, seen, cursor } = follow(journal, { gate: () => held.promise })
    await append(journal, record('a'))
    const stopped = reader.stop()
    await append(journal, record('b'))
    held.resolve()
    await stopped
    expect([seen.length <= 1, cursor() <= journal.head()]).toEqual([true, true])
    expect(reader.position()).toBe(cursor())
  })
})

describe('a watermark', () => {
  const at = (offsetMs: number) => ({ ...record(`at ${offsetMs}`), receivedAt: start + offsetMs })

  test('is now when all is handled, and moves with the clock', async () => {
    const clock = createManualClock(start)
    const journal = await startJournal(tempFolder(), { clock })
    const { reader } = follow(journal, { clock })
    await until(() => reader.caughtUp())
    clock.advance(60_000)
    expect(reader.watermark()).toBe(start + 60_000)
  })

  test('stands at the record that is being handled, however long that takes', async () => {
    const clock = createManualClock(start)
    const journal = await startJournal(tempFolder(), { clock })
    const held = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let entered = 0
    const { reader } = follow(journal, {
      clock,
      maxBytes: 1,
      gate: async () => {
        entered += 1
        await held[entered - 1]?.promise
      },
    })
    clock.advance(50)
    await append(journal, at(10))
    await until(() => entered === 1)
    expect(reader.watermark()).toBe(start + 10)
    await append(journal, at(20))
    await append(journal, at(30))
    held[0]?.resolve()
    await until(() => entered === 2)
    clock.advance(600_000)
    expect(reader.watermark()).toBe(start + 20)
    held[1]?.resolve()
    await until(() => reader.caughtUp())
    expect(reader.watermark()).toBe(clock.now())
  })

  test('never passes a record which waits for its sync', async () => {
    const clock = createManualClock(start)
    const journal = await startJournal(tempFolder(), { clock })
    const { reader } = follow(journal, { clock })
    await until(() => reader.caughtUp())
    const waiting = append(journal, at(-70))
    clock.advance(1000)
    expect(reader.watermark()).toBe(start - 70)
    await waiting
  })

  test('never says more than what was handled, under any interleaving', async () => {
    const clock = createManualClock(start)
    const journal = await startJournal(tempFolder(), { clock, segmentBytes: 500 })
    const handledUpTo = { at: start - 1 }
    const accepted: number[] = []
    const reader = createReader({
      ...{ journal, name: 'test', clock, log: silentLog, maxBytes: 150 },
      from: async () => 0,
      handle: async (entries) => {
        for (let i = Math.floor(Math.random() * 4); i > 0; i -= 1) {
          await new Promise((resolve) => setImmediate(resolve))
          check()
        }
        handledUpTo.at = entries.at(-1)?.receivedAt ?? handledUpTo.at
      },
    })
    onTestFinished(() => reader.stop())
    const lies: number[] = []
    const check = () => {
      const watermark = reader.watermark()
      lies.push(...accepted.filter((one) => one > handledUpTo.at && one < watermark))
    }
    const appends: Promise<void>[] = []
    for (let i = 0; i < 400; i += 1) {
      clock.advance(1)
      const receivedAt = clock.now()
      const done = append(journal, { ...record(`${i}`), receivedAt })
      appends.push(done.then(() => void accepted.push(receivedAt)).then(check))
      check()
      if (i % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all(appends)
    await until(() => reader.caughtUp())
    check()
    expect([accepted.length, lies]).toEqual([400, []])
  })
})
