import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { assert as check, integer, property, string } from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { newId, newSpokenCode } from '../../src/core/ids.ts'
import {
  createKeyring,
  equalSecrets,
  newSecret,
  openKeyFile,
  sha256,
} from '../../src/core/secrets.ts'
import { makeKeyPair, pinOf } from '../../src/core/self-signed.ts'

const folder = mkdtempSync(join(tmpdir(), 'ansang-secrets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('secrets', () => {
  test('have 256 bits and are never the same', () => {
    const made = Array.from({ length: 1000 }, newSecret)
    expect(new Set(made).size).toBe(1000)
    for (const one of made) expect(Buffer.from(one, 'base64url')).toHaveLength(32)
  })

  test.each([
    ['a', 'a', true],
    ['a', 'b', false],
    ['a', 'aa', false],
    ['', '', true],
    ['đèn', 'đèn'.normalize('NFD'), false],
  ])('%j equals %j: %s', (a, b, isEqual) => {
    expect(equalSecrets(a, b)).toBe(isEqual)
  })

  test('a hash is the known one', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
})

describe('a keyring', () => {
  const ring = createKeyring(Buffer.alloc(32, 7))
  const other = createKeyring(Buffer.alloc(32, 8))

  test('hashes the same under its key, otherwise under another', () => {
    expect(ring.hash('x')).toBe(ring.hash('x'))
    expect(ring.hash('x')).not.toBe(other.hash('x'))
    expect(ring.hash('x')).not.toBe(sha256('x'))
  })

  test('opens what it sealed, each time sealed differently', async () => {
    await check(
      property(string({ unit: 'binary' }), (plain) => {
        const sealed = ring.seal(plain)
        expect(ring.unseal(sealed)).toBe(plain)
        expect(ring.seal(plain)).not.toBe(sealed)
      }),
    )
  })

  test('opens nothing that another key sealed or somebody changed, at any byte', () => {
    const sealed = Buffer.from(ring.seal('mật khẩu'), 'base64url')
    expect(() => other.unseal(sealed.toString('base64url'))).toThrow()
    for (let i = 0; i < sealed.length; i += 1) {
      const changed = Buffer.from(sealed)
      changed[i] = (changed[i] ?? 0) ^ 1
      expect(() => ring.unseal(changed.toString('base64url'))).toThrow()
    }
    for (const length of [0, 5, 12, 20, 28])
      expect(() => ring.unseal(sealed.subarray(0, length).toString('base64url'))).toThrow()
  })

  test.each([0, 16, 31, 33])('needs 32 bytes, not %i', (length) => {
    expect(() => createKeyring(Buffer.alloc(length))).toThrow(/32 bytes/)
  })

  test('is kept in a file that only its owner reads, and stays the same', () => {
    const path = join(folder, 'deep', 'secret.key')
    const sealed = openKeyFile(path).seal('x')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(path)).toHaveLength(32)
    expect(openKeyFile(path).unseal(sealed)).toBe('x')
    writeFileSync(path, '')
    expect(() => openKeyFile(path)).toThrow()
  })
})

describe('ids', () => {
  test('sort by the time they were made', async () => {
    const moment = integer({ min: 0, max: 2 ** 44 })
    await check(
      property(moment, moment, (a, b) => {
        const [one, two] = [newId(a), newId(b)]
        expect(one).toMatch(/^[0-9a-hjkmnp-tv-z]{19}$/)
        if (a < b) expect(one < two).toBe(true)
        if (a > b) expect(one > two).toBe(true)
      }),
    )
  })

  test('are not given twice, also within one millisecond', () => {
    expect(new Set(Array.from({ length: 20_000 }, () => newId(1))).size).toBe(20_000)
  })

  test.each([-1, 1.5])('live through the time %s', (now) => {
    expect(newId(now)).toHaveLength(19)
  })

  test('spoken codes have 20 bits a group and no look-alikes', () => {
    const codes = Array.from({ length: 500 }, () => newSpokenCode(5))
    expect(new Set(codes).size).toBe(500)
    for (const code of codes)
      expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){4}[0-9a-hjkmnp-tv-z]{4}$/)
  })
})

describe('a key pair of our own', () => {
  const now = Date.UTC(2026, 10, 24)
  const hosts = ['localhost', '127.0.0.1', '::1', 'hub.example.vn']
  const pair = makeKeyPair({ hosts, now })
  const certificate = new X509Certificate(pair.cert)

  test('has a certificate for its hosts, signed by itself, for twenty years', () => {
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.checkHost('localhost')).toBe('localhost')
    expect(certificate.checkHost('hub.example.vn')).toBe('hub.example.vn')
    expect(certificate.checkHost('evil.example')).toBeUndefined()
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(certificate.checkIP('127.0.0.2')).toBeUndefined()
    expect(certificate.subjectAltName).toContain('IP Address:0:0:0:0:0:0:0:1')
    expect(Date.parse(certificate.validFrom)).toBeLessThanOrEqual(now)
    const years = (Date.parse(certificate.validTo) - now) / (365.25 * 86_400_000)
    expect(years).toBeCloseTo(20, 1)
  })

  test.each([
    Date.UTC(2026, 0, 1),
    Date.UTC(2029, 11, 31),
    Date.UTC(2049, 11, 31),
    Date.UTC(2050, 0, 3),
  ])('writes its dates so that others read them, made at %i', (at) => {
    const made = new X509Certificate(makeKeyPair({ hosts, now: at }).cert)
    expect(Date.parse(made.validFrom)).toBe(at - 86_400_000)
  })

  test('is another one each time, with a positive serial number of 16 bytes', () => {
    const pairs = Array.from({ length: 20 }, () => makeKeyPair({ hosts, now }))
    expect(new Set(pairs.map((one) => pinOf(one.cert))).size).toBe(20)
    for (const { cert } of pairs)
      expect(new X509Certificate(cert).serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/)
  })

  test('serves TLS to a client that trusts it, by authority and by pin', async () => {
    const server = tls.createServer(pair, (socket) => {
      socket.on('error', () => {})
      socket.end('xin chào')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const talk = (options: tls.ConnectionOptions) =>
      new Promise<string>((resolve, reject) => {
        let said = ''
        const socket = tls.connect({ host: '127.0.0.1', port, ...options })
        socket.on('data', (chunk) => {
          said += chunk.toString()
        })
        socket.on('error', reject)
        socket.on('end', () => {
          const { raw } = socket.getPeerCertificate()
          const cert = new X509Certificate(raw).toString()
          resolve(`${said} ${pinOf(cert) === pinOf(pair.cert)}`)
        })
      })
    expect(await talk({ ca: pair.cert, servername: 'localhost' })).toBe('xin chào true')
    expect(await talk({ rejectUnauthorized: false })).toBe('xin chào true')
    await expect(talk({ servername: 'localhost' })).rejects.toThrow(/self-signed/)
    await expect(talk({ ca: pair.cert, servername: 'evil.example' })).rejects.toThrow(/altnames/)
    server.close()
  })
})
