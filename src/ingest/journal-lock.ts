import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const sqliteBusy = 5

/**
 * One process, one journal folder. The lock is the kernel's lock on a file, taken through SQLite
 * because Node has no other door to it: it dies with its holder, so a stale one cannot exist, and
 * a process number used again (a container's hub is always number 1) cannot fool it.
 */
export function lockFolder(folder: string): { release: () => void } {
  const holderPath = join(folder, 'lock.holder')
  const lock = new DatabaseSync(join(folder, 'lock'))
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    const busy = (cause as { errcode?: number }).errcode === sqliteBusy
    const trouble = busy ? `is in use${holderOf(holderPath)}` : 'cannot be locked'
    throw new Error(`journal folder ${folder} ${trouble}`, { cause })
  }
  try {
    writeFileSync(holderPath, String(process.pid))
  } catch {
    // Only for the message above; on a full disk the lock itself still holds.
  }
  return { release: () => lock.close() }
}

function holderOf(path: string): string {
  try {
    return ` by process ${readFileSync(path, 'utf8')}`
  } catch {
    return ''
  }
}
