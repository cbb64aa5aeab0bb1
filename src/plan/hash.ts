import { createHash } from 'node:crypto'

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError('not JSON: a number that is not finite')
  return JSON.stringify(value)
}

function canonicalObject(value: object): string {
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError('not JSON: an object with a class')
  }
  // Code unit order: the same on every machine, whatever its locale.
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one)}`).join(',')}}`
}

/**
 * JSON with keys in code unit order and no spaces: two equal values give equal text, whoever wrote
 * them. Properties that are undefined are left out, as JSON does. Throws a TypeError for what JSON
 * cannot carry, instead of hashing something else in its place.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') {
    return JSON.stringify(value)
  }
  if (typeof value === 'number') return canonicalNumber(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object') return canonicalObject(value)
  throw new TypeError(`not JSON: ${typeof value}`)
}

/** SHA-256 (hex) of a desired section's body; hub and agent compute it alike. */
export const sectionHash = (body: unknown): string =>
  createHash('sha256').update(canonicalJson(body)).digest('hex')
