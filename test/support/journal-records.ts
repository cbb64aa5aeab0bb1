import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { type Journal, type JournalOptions, openJournal } from '../../src/ingest/journal.ts'
import type { JournalRead } from '../../src/ingest/journal-segment-read.ts'
import type { JournalEntry, JournalRecord } from '../../src/ingest/segment.ts'

/** A folder that is gone when the test is. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ansang-journal-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const record = (text: string, agentId = 'agent-001'): JournalRecord => ({
  agentId,
  channel: 'telemetry',
  payload: Buffer.from(text),
  receivedAt: 1_760_000_000_000,
})

export const textOf = (entry: JournalEntry): string => entry.payload.toString()

/** Opens a journal that is closed when the test is over. */
export async function startJournal(
  folder: string,
  options: Partial<JournalOptions> & { clock?: Clock } = {},
): Promise<Journal> {
  const journal = await openJournal({ folder, log: silentLog, clock: systemClock, ...options })
  onTestFinished(() => journal.close())
  return journal
}

export const append = (journal: Journal, one: JournalRecord): Promise<void> =>
  new Promise((resolve, reject) => {
    journal.append(one, (error) => (error ? reject(error) : resolve()))
  })

/** Appends all at once; resolves with the texts that were acknowledged, in order of their answers. */
export async function appendAll(journal: Journal, texts: string[]): Promise<string[]> {
  const acked: string[] = []
  await Promise.all(
    texts.map((text) =>
      append(journal, record(text)).then(
        () => acked.push(text),
        () => undefined,
      ),
    ),
  )
  return acked
}

/** Everything from `from` on. */
export async function readAll(
  journal: Pick<Journal, 'read' | 'tail'>,
  from = journal.tail(),
  maxBytes = 64 * 1024,
): Promise<{ texts: string[]; entries: JournalEntry[]; missing: JournalRead['missing'][] }> {
  const entries: JournalEntry[] = []
  const missing: JournalRead['missing'][] = []
  let at = from
  for (;;) {
    const part = await journal.read(at, maxBytes)
    entries.push(...part.entries)
    if (part.missing) missing.push(part.missing)
    if (part.next === at) break
    at = part.next
  }
  return { texts: entries.map(textOf), entries, missing }
}
