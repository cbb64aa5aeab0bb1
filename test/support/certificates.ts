import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Signed = { key: string; cert: string }
export type Authority = Signed & {
  /** A certificate for `name`, valid on 127.0.0.1, for a server or a client. */
  sign: (name: string) => Signed
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

const openssl = (folder: string, args: string[]) =>
  execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })

/** Runs `work` in a folder of its own that is gone afterwards. */
function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'ansang-certificates-'))
  try {
    return work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const read = (folder: string, name: string): Signed => ({
  key: readFileSync(join(folder, `${name}.key`), 'utf8'),
  cert: readFileSync(join(folder, `${name}.crt`), 'utf8'),
})

/** A certificate that nobody but itself vouches for. */
export const selfSigned = (name: string): Signed =>
  inFolder((folder) => {
    const files = ['-keyout', 'x.key', '-out', 'x.crt', '-days', '2']
    openssl(folder, ['req', '-x509', ...curve, ...files, '-subj', `/CN=${name}`])
    return read(folder, 'x')
  })

/** An authority made for one test run by the openssl program. */
export function createAuthority(name: string): Authority {
  const own = selfSigned(name)
  const sign = (subject: string) =>
    inFolder((folder) => {
      writeFileSync(join(folder, 'ca.key'), own.key)
      writeFileSync(join(folder, 'ca.crt'), own.cert)
      writeFileSync(join(folder, 'ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
      openssl(folder, [
        'req',
        ...curve,
        '-keyout',
        'x.key',
        '-out',
        'x.csr',
        '-subj',
        `/CN=${subject}`,
      ])
      const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial']
      const files = ['-in', 'x.csr', '-out', 'x.crt', '-extfile', 'ext', '-days', '2']
      openssl(folder, ['x509', '-req', ...authority, ...files])
      return read(folder, 'x')
    })
  return { ...own, sign }
}
