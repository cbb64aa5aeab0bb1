import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Log } from '../../src/core/log.ts'

/**
 * Reads a secret: the file's text without the last line end. Warns when others may read the file.
 * Read again at each use, so that a rotated secret needs no restart.
 *
 * @throws Error when the file is absent or empty
 */
export function readSecret(path: string, log: Log): string {
  const secret = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  if (!secret) throw new Error(`${path} is empty`)
  const mode = statSync(path).mode & 0o777
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    log.warn({ path, mode: mode.toString(8) }, 'secret file is open to others, chmod 600 it')
  }
  return secret
}

/** Stores a secret so that only its owner may read it; the old one stays until the new is whole. */
export function writeSecret(path: string, secret: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const fresh = `${path}.new`
  writeFileSync(fresh, `${secret}\n`, { mode: 0o600, flush: true })
  chmodSync(fresh, 0o600)
  renameSync(fresh, path)
}
