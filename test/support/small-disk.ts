import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system of its own, of so many KiB; `undefined` where mounting is not allowed. */
export function mountSmallDisk(kibibytes: number): { at: string; remove: () => void } | undefined {
  const at = mkdtempSync(join(tmpdir(), 'ansang-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', at])
  if (mounted.status === 0) {
    return {
      at,
      remove: () => {
        spawnSync('umount', [at])
        rmSync(at, { recursive: true, force: true })
      },
    }
  }
  rmSync(at, { recursive: true, force: true })
  console.error('mounting is not allowed here: a full disk is proved by a quota in software only')
  return undefined
}
