import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { messageOf } from '../core/problem.ts'
import { type KeyPair, makeKeyPair } from '../core/self-signed.ts'
import { StartError } from './start-error.ts'

type Places = { tlsKey: string; tlsCert: string }

/** Throws StartError for files that are no key and certificate, or not of each other. */
function fromFiles({ keyFile, certFile }: { keyFile: string; certFile: string }): KeyPair {
  const pair = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
  try {
    if (new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key))) return pair
  } catch (cause) {
    throw new StartError(
      `${certFile} and ${keyFile} must hold a certificate and its private key in PEM, without a passphrase (${messageOf(cause)}).`,
      { cause },
    )
  }
  throw new StartError(`${keyFile} is not the private key of the certificate in ${certFile}.`)
}

/** The operator's files, or a pair of our own that is made once and kept, so that its pin stays. */
export function keyPairFrom(
  files: { keyFile: string; certFile: string } | undefined,
  places: Places,
  about: { hosts: readonly string[]; now: number },
): KeyPair {
  if (files) return fromFiles(files)
  if (!existsSync(places.tlsKey) || !existsSync(places.tlsCert)) {
    const pair = makeKeyPair(about)
    writeFileSync(places.tlsKey, pair.key, { mode: 0o600 })
    writeFileSync(places.tlsCert, pair.cert)
  }
  return { key: readFileSync(places.tlsKey, 'utf8'), cert: readFileSync(places.tlsCert, 'utf8') }
}
