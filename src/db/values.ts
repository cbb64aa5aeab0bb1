import type { Value } from './engine.ts'

/** PostgreSQL cannot store NUL in text; both dialects keep what UTF-8 decoders put for the unknown. */
const withoutNul = (text: string): string =>
  text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text

/** A view on a larger buffer is copied: sending it to a worker would send the whole buffer. */
const compact = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength === bytes.buffer.byteLength && bytes.constructor === Uint8Array
    ? bytes
    : Uint8Array.from(bytes)

/**
 * Makes one parameter mean the same in both dialects: booleans become 1 and 0, bytes are copied,
 * NUL in text becomes U+FFFD. Throws a TypeError for what a dialect would store in its own way:
 * objects and arrays (write JSON.stringify), dates (epoch milliseconds), undefined, NaN.
 */
export function toValue(parameter: unknown): Value {
  if (parameter === null) return null
  if (typeof parameter === 'string') return withoutNul(parameter)
  if (typeof parameter === 'number' && Number.isFinite(parameter)) return parameter
  if (typeof parameter === 'boolean') return parameter ? 1 : 0
  if (typeof parameter === 'bigint') return parameter
  if (parameter instanceof Uint8Array) return compact(parameter)
  throw new TypeError(`a ${describe(parameter)} cannot be a database parameter`)
}

const describe = (parameter: unknown): string => {
  if (typeof parameter === 'number') return String(parameter)
  if (typeof parameter !== 'object') return typeof parameter
  return parameter instanceof Date ? 'Date (use epoch milliseconds)' : 'object (use JSON text)'
}

/** A 64-bit integer column as a number; throws rather than rounding. */
export function toSafeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`integer ${text} is beyond 2^53`)
  return value
}
