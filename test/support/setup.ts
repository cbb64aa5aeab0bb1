import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { findPart, type PartName, partNames, parts } from './real-parts.ts'

/**
 * `npm run test:setup`: installs the real programs that the suites stand on as Debian packages.
 * No service is started; what is already here is left alone, so it may be run again.
 */
const policyFile = '/usr/sbin/policy-rc.d'

function stop(reason: string, packages: readonly string[]): never {
  console.error(`test:setup: ${reason}`)
  console.error(`Install these yourself, then run the tests again: ${packages.join(' ')}`)
  process.exit(1)
}

function apt(...words: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const run = spawnSync('apt-get', ['-q', ...words], { stdio: 'inherit', env })
  return run.status === 0
}

/** While packages are installed, Debian asks this file whether a service may start: 101 = no. */
function withoutServices(work: () => boolean): boolean {
  const ours = !existsSync(policyFile)
  const restore = () => {
    if (ours) rmSync(policyFile, { force: true })
  }
  if (ours) {
    writeFileSync(policyFile, '#!/bin/sh\nexit 101\n')
    chmodSync(policyFile, 0o755)
  } else {
    console.log(`test:setup: keeping the ${policyFile} that is already here`)
  }
  process.once('exit', restore)
  try {
    return work()
  } finally {
    restore()
  }
}

const absentParts = (): PartName[] => partNames.filter((name) => findPart(name) === undefined)

function install(absent: readonly PartName[]): void {
  const packages = absent.flatMap((name) => parts[name].packages)
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) {
    stop('this is not a Debian system (no apt-get)', packages)
  }
  if (process.getuid?.() !== 0)
    stop('must be run as root, e.g. `sudo npm run test:setup`', packages)
  console.log(`test:setup: installing ${packages.join(', ')}`)
  const installed = withoutServices(
    () => apt('update') && apt('install', '-y', '--no-install-recommends', ...packages),
  )
  if (!installed) stop('apt-get failed, see above', packages)
  const left = absentParts()
  if (left.length > 0) stop(`installed, but still not found: ${left.join(', ')}`, packages)
}

const absent = absentParts()
if (absent.length > 0) install(absent)
console.log(`test:setup: all real parts are here: ${partNames.join(', ')}`)
