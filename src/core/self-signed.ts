import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'

/** PEM key and certificate, and the pin that agents are given: SHA-256 of the public key (SPKI). */
export type KeyPair = { key: string; cert: string }

const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const length = Buffer.from(
    body.length.toString(16).padStart(body.length > 255 ? 4 : 2, '0'),
    'hex',
  )
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body])
}
const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
const commonName = '550403'
const subjectAltName = '551d11'

const nameOf = (name: string) =>
  sequence(der(0x31, sequence(oid(commonName), der(0x0c, Buffer.from(name)))))

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280, 4.1.2.5). */
const timeOf = (at: number) => {
  const digits = new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)
  return digits < '2050'
    ? der(0x17, Buffer.from(`${digits.slice(2)}Z`))
    : der(0x18, Buffer.from(`${digits}Z`))
}

/** The bytes of an IP address; undefined for a name. */
function addressBytes(host: string): Buffer | undefined {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (isIPv4(bare)) return Buffer.from(bare.split('.').map(Number))
  if (!isIPv6(bare)) return undefined
  const [head = '', tail] = bare.replace(/%.*$/, '').split('::')
  const bytesOf = (groups: string) =>
    groups
      .split(':')
      .filter(Boolean)
      .flatMap((group) => {
        if (isIPv4(group)) return group.split('.').map(Number)
        const value = Number.parseInt(group, 16)
        return [value >> 8, value & 0xff]
      })
  const [before, after] = [bytesOf(head), bytesOf(tail ?? '')]
  const zeros = new Array<number>(16 - before.length - after.length).fill(0)
  return Buffer.from([...before, ...zeros, ...after])
}

function altNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) => {
    const address = addressBytes(host)
    return address ? der(0x87, address) : der(0x82, Buffer.from(host))
  })
  return der(0xa3, sequence(sequence(oid(subjectAltName), der(0x04, sequence(...names)))))
}

function certificate(
  pair: { publicKey: KeyObject; privateKey: KeyObject },
  options: { hosts: readonly string[]; now: number },
) {
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const name = nameOf('An Sang hub')
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaWithSha256,
    name,
    sequence(timeOf(options.now - 86_400_000), timeOf(options.now + 20 * 365.25 * 86_400_000)),
    name,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    altNames(options.hosts),
  )
  const signature = sign('sha256', body, pair.privateKey)
  return sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature))
}

/**
 * A P-256 key and a certificate signed by itself (RFC 5280), for a hub that was given none. Agents
 * trust it by its pin, not by an authority, so it may live long.
 */
export function makeKeyPair(options: { hosts: readonly string[]; now: number }): KeyPair {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const body = certificate(pair, options)
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n')
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
  }
}

/** SHA-256 of the certificate's public key (SPKI), base64url: what an agent compares. */
export const pinOf = (cert: string): string =>
  createHash('sha256')
    .update(new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
