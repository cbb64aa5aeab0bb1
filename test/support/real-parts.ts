import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * The real programs that suites stand on. A suite asks with `requirePart`; where a part is absent
 * the suite is named loudly at the start of every run, and with CI=true it fails. It never turns
 * green in silence.
 */
export type PartName = 'influxd' | 'postgres' | 'nut' | 'mosquitto' | 'chromium' | 'strace'

export type Part = {
  /** The program whose path `requirePart` gives. */
  program: string
  /** Debian packages that bring it. */
  packages: readonly string[]
  /** What stays unproved without it. */
  proves: string
}

export const parts: Readonly<Record<PartName, Part>> = {
  influxd: {
    program: 'influxd',
    packages: ['influxdb'],
    proves: 'the InfluxDB series store and every dashboard query',
  },
  postgres: {
    program: 'postgres',
    packages: ['postgresql'],
    proves: 'the PostgreSQL dialect of the database',
  },
  nut: {
    program: 'upsd',
    packages: ['nut-server', 'nut-client'],
    proves: 'the UPS collector against a real upsd',
  },
  mosquitto: {
    program: 'mosquitto_pub',
    packages: ['mosquitto-clients'],
    proves: 'the broker against a client of another make',
  },
  chromium: {
    program: 'chromium',
    packages: ['chromium'],
    proves: 'the console in a real browser',
  },
  strace: {
    program: 'strace',
    packages: ['strace'],
    proves: 'the order of the journal sync and the acknowledgement',
  },
}

export const partNames = Object.keys(parts) as PartName[]

/** Server programs stand outside the PATH of ordinary users on Debian. */
const extraFolders = ['/usr/sbin', '/sbin', '/lib/nut', '/usr/lib/nut', '/usr/local/bin']

/** Debian keeps each PostgreSQL major in its own folder; the newest first. */
function postgresFolders(root = '/usr/lib/postgresql'): string[] {
  if (!existsSync(root)) return []
  const majors = readdirSync(root).sort((a, b) => Number(b) - Number(a))
  return majors.map((major) => join(root, major, 'bin'))
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Path of the part's program; `undefined` when it is not on this machine. */
export function findPart(name: PartName): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const folders = [...onPath, ...extraFolders, ...(name === 'postgres' ? postgresFolders() : [])]
  return folders.map((folder) => join(folder, parts[name].program)).find(isProgram)
}

/** True where an absent part is a failure. */
export const isCi = (env: NodeJS.ProcessEnv = process.env): boolean =>
  env['CI'] !== undefined && !['', '0', 'false'].includes(env['CI'])

const howTo = 'run `npm run test:setup` (Debian packages, no service is started)'

/**
 * Path of the part's program. Absent: throws with CI=true, else `undefined` (the suite then uses
 * `describe.runIf(path)`; the summary of `setup` has named it).
 */
export function requirePart(name: PartName): string | undefined {
  const path = findPart(name)
  if (path === undefined && isCi()) {
    throw new Error(`${parts[name].program} is not installed, with CI=true it must be: ${howTo}`)
  }
  return path
}

/** One block that names every absent part; `undefined` when all are here. */
export function absentSummary(absent: readonly PartName[]): string | undefined {
  if (absent.length === 0) return undefined
  const rows = absent.map((name) => `  ${name.padEnd(10)} not proved: ${parts[name].proves}`)
  const line = '='.repeat(78)
  const title = `  ${absent.length} real part(s) absent: their suites DO NOT RUN`
  return ['', line, title, ...rows, `  To install them: ${howTo}`, line, ''].join('\n')
}

/** Called by vitest once before all projects. */
export function setup(): void {
  const absent = partNames.filter((name) => findPart(name) === undefined)
  const summary = absentSummary(absent)
  if (summary === undefined) return
  console.error(summary)
  if (isCi()) throw new Error(`absent with CI=true: ${absent.join(', ')}; ${howTo}`)
}
