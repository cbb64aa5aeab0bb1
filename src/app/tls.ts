import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type KeyPair, makeKeyPair } from '../core/self-signed.ts'

type Places = { tlsKey: string; tlsCert: string }

/** The operator's files, or a pair of our own that is made once and kept, so that its pin stays. */
export function keyPairFrom(
  files: { keyFile: string; certFile: string } | undefined,
  places: Places,
  about: { hosts: readonly string[]; now: number },
): KeyPair {
  if (files) {
    return { key: readFileSync(files.keyFile, 'utf8'), cert: readFileSync(files.certFile, 'utf8') }
  }
  if (!existsSync(places.tlsKey) || !existsSync(places.tlsCert)) {
    const pair = makeKeyPair(about)
    writeFileSync(places.tlsKey, pair.key, { mode: 0o600 })
    writeFileSync(places.tlsCert, pair.cert)
  }
  return { key: readFileSync(places.tlsKey, 'utf8'), cert: readFileSync(places.tlsCert, 'utf8') }
}
