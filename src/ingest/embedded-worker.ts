import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../core/problem.ts'
import type { BatchGroup } from './embedded-batch.ts'
import { openSeriesFile, type SeriesFile } from './embedded-files.ts'
import { readSeries } from './embedded-read.ts'
import { dropNext, keptFrom, type RollUpJob, rollUpSome } from './embedded-upkeep.ts'
import { writeBatch } from './embedded-write.ts'
import type { Retention, SeriesQuery, SeriesRow } from './series.ts'

/** What the main thread may ask; one answer for each question, in order. */
export type Ask =
  | { do: 'write'; groups: BatchGroup[] }
  | { do: 'query'; query: SeriesQuery; now: number }
  | { do: 'upkeep'; now: number; first: boolean }
  | { do: 'probe'; now: number }
  | { do: 'close' }

export type Answered =
  | { ok: true; rows?: SeriesRow[]; more?: boolean; rawFrom?: number }
  | { ok: false; away: boolean; reason: string }

const { path, retention } = workerData as { path: string; retention: Retention }

const state: { file: SeriesFile | undefined; jobs: RollUpJob[] } = { file: undefined, jobs: [] }

/** Opened on first use, so that a folder that was not there yet may come. */
function open(): SeriesFile {
  state.file ??= openSeriesFile(path)
  return state.file
}

/**
 * One bounded piece of upkeep: roll-ups first, because they need the raw that retention drops. The
 * hours are listed once a pass, so that steady late data cannot keep a pass from ending.
 */
function upkeep(now: number, first: boolean): boolean {
  const file = open()
  if (first) state.jobs = file.dirty.due(now).map((hour) => ({ hour, after: 0 }))
  if (state.jobs.length === 0) return dropNext(file, now, retention)
  rollUpSome(file, state.jobs)
  return true
}

function carryOut(ask: Ask): Answered {
  switch (ask.do) {
    case 'write':
      writeBatch(open(), ask.groups)
      return { ok: true }
    case 'query':
      return { ok: true, rows: readSeries(open(), ask.query, ask.now) }
    case 'upkeep':
      return { ok: true, more: upkeep(ask.now, ask.first) }
    case 'probe': {
      const file = open()
      file.prepare('INSERT OR REPLACE INTO probe (id, at) VALUES (1, ?)').run(ask.now)
      return { ok: true, rawFrom: keptFrom(file).raw }
    }
    case 'close':
      state.file?.close()
      state.file = undefined
      return { ok: true }
  }
}

/** Busy, read-only, I/O, corrupt, full, cannot open, not a database: the disk's business. */
const diskCodes = new Set([5, 8, 10, 11, 13, 14, 26])
const fileCodes = new Set(['EACCES', 'EROFS', 'ENOSPC', 'ENOENT', 'ENOTDIR', 'EEXIST', 'EPERM'])

const isDiskTrouble = (error: unknown): boolean => {
  const { errcode, code } = error as { errcode?: number; code?: string }
  return (errcode !== undefined && diskCodes.has(errcode & 0xff)) || fileCodes.has(code ?? '')
}

parentPort?.on('message', ({ id, ask }: { id: number; ask: Ask }) => {
  const answered = ((): Answered => {
    try {
      return carryOut(ask)
    } catch (error) {
      state.jobs = []
      return { ok: false, away: isDiskTrouble(error), reason: messageOf(error) }
    }
  })()
  parentPort?.postMessage({ id, answered })
})
