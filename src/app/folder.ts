import { randomUUID } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../core/problem.ts'
import { StartError } from './start-error.ts'

/** Where each part keeps its things below the data folder. */
export const placesIn = (dataDir: string) => ({
  journal: join(dataDir, 'journal'),
  series: join(dataDir, 'series'),
  spool: join(dataDir, 'spool'),
  backups: join(dataDir, 'backups'),
  key: join(dataDir, 'secret.key'),
  marker: join(dataDir, 'lineage.json'),
  hubId: join(dataDir, 'hub-id'),
  tlsKey: join(dataDir, 'https.key'),
  tlsCert: join(dataDir, 'https.crt'),
})

/** The data folder cannot be used. The message says which folder and what to do. */
export class FolderError extends StartError {
  override readonly name = 'FolderError'
}

/** Makes the data folder and proves that it can be written. */
export function prepareFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    accessSync(dataDir, constants.W_OK)
    const probe = join(dataDir, '.probe')
    writeFileSync(probe, '')
    rmSync(probe)
  } catch (cause) {
    throw new FolderError(
      `The data folder ${dataDir} cannot be written (${messageOf(cause)}). Give its owner the right to write, or set ANSANG_DATA_DIR to another folder.`,
      { cause },
    )
  }
}

/** This hub's own id; the same as long as its data folder lives. */
export function hubIdIn(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomUUID(), { flag: 'wx' })
  return readFileSync(file, 'utf8').trim()
}
