import type { Clock, Timer } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import { type OutboxTable, openTable } from './outbox-table.ts'

/**
 * One outbox file with grouped commits, replaced by another (or by memory) when it fails. Numbers
 * go on rising over a change of the file, and every file has its own epoch, so no id comes twice.
 */
export type OutboxFile = {
  table: () => OutboxTable
  nextN: () => number
  read: <T>(work: (table: OutboxTable) => T) => T | undefined
  /** Runs in the open transaction; `undefined` when the file failed and was replaced. */
  write: <T>(work: (table: OutboxTable) => T, commitWithinMs: number) => T | undefined
  commit: () => void
  close: () => void
}

export type OutboxFileOptions = {
  path: string
  clock: Clock
  log: Log
  /** Called with the table that is in use from now on. */
  onReplaced: (table: OutboxTable) => void
}

function closeBroken(table: OutboxTable): void {
  try {
    table.close()
  } catch {
    // The handle may be broken as well; the new one does not need it.
  }
}

export function openOutboxFile(options: OutboxFileOptions): OutboxFile {
  const { path, clock, log } = options
  let table = openTable(path, log)
  let next = table.nextN
  let open = false
  let timer: Timer | undefined
  let commitAtMono = Number.POSITIVE_INFINITY

  const replace = (error: unknown) => {
    log.error({ err: error }, 'outbox failed, opening it anew')
    open = false
    const failed = table.epoch
    closeBroken(table)
    table = openTable(path, log, next)
    if (table.onDisk && table.epoch === failed) {
      table.close()
      table = openTable(undefined, log, next)
    }
    options.onReplaced(table)
  }
  const attempt = <T>(work: (table: OutboxTable) => T): T | undefined => {
    try {
      return work(table)
    } catch (error) {
      replace(error)
      return undefined
    }
  }
  const commit = () => {
    timer?.cancel()
    timer = undefined
    commitAtMono = Number.POSITIVE_INFINITY
    if (!open) return
    open = false
    attempt((current) => current.commit())
  }
  const commitWithin = (ms: number) => {
    const dueAt = clock.monotonic() + ms
    if (dueAt >= commitAtMono) return
    timer?.cancel()
    commitAtMono = dueAt
    timer = clock.after(ms, commit)
  }
  return {
    table: () => table,
    nextN: () => next++,
    read: attempt,
    write: (work, commitWithinMs) => {
      const result = attempt((current) => {
        if (!open) current.begin()
        open = true
        return work(current)
      })
      commitWithin(commitWithinMs)
      return result
    },
    commit,
    close: () => {
      commit()
      attempt((current) => current.close())
    },
  }
}
