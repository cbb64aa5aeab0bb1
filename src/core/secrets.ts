import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** 256 random bits as base64url: agent secrets, session ids, API tokens. */
export const newSecret = (): string => randomBytes(32).toString('base64url')

/** SHA-256 as hex: for values that are themselves high-entropy secrets. */
export const sha256 = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('hex')

/** Compares two strings in constant time for their length. */
export const equalSecrets = (a: string, b: string): boolean => {
  const left = createHash('sha256').update(a).digest()
  const right = createHash('sha256').update(b).digest()
  return timingSafeEqual(left, right)
}

/** Keyed hash and sealing with the hub's key file (AES-256-GCM). */
export type Keyring = {
  /** Keyed hash of a high-entropy secret, hex. */
  hash: (secret: string) => string
  seal: (plain: string) => string
  /** Throws when the text was not sealed by this key or was changed. */
  unseal: (sealed: string) => string
}

/** Keys derived from 32 bytes; `purpose`-separated so that a hash never doubles as a key. */
export function createKeyring(key: Buffer): Keyring {
  if (key.length !== 32) throw new Error('the key file must hold exactly 32 bytes')
  const derive = (purpose: string) => createHmac('sha256', key).update(purpose).digest()
  const hashKey = derive('hash')
  const sealKey = derive('seal')
  return {
    hash: (secret) => createHmac('sha256', hashKey).update(secret).digest('hex'),
    seal: (plain) => {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', sealKey, iv)
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')
    },
    unseal: (sealed) => {
      const bytes = Buffer.from(sealed, 'base64url')
      const decipher = createDecipheriv('aes-256-gcm', sealKey, bytes.subarray(0, 12))
      decipher.setAuthTag(bytes.subarray(12, 28))
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
    },
  }
}

/** Reads the key file, or makes one that only its owner may read. */
export function openKeyFile(path: string): Keyring {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, randomBytes(32), { mode: 0o600, flag: 'wx' })
  }
  return createKeyring(readFileSync(path))
}
