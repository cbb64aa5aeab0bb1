import { Problem } from '../core/problem.ts'

/** The sort key of the last row seen, opaque for the caller. */
export const toCursor = (key: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url')

/** Takes a cursor apart into `length` values; refuses anything that is not one of ours. */
export function fromCursor(cursor: string, length: number): (string | number)[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    const isKey =
      Array.isArray(key) &&
      key.length === length &&
      key.every((part) => typeof part === 'string' || Number.isFinite(part))
    if (isKey) return key
  } catch {
    // Falls through to the refusal: what does not parse is not a cursor.
  }
  throw new Problem('request.bad-cursor', 'start again without the cursor')
}

/**
 * Cuts `rows` (queried with limit + 1) into a page. `keyOf` is the sort key of a row, in the order
 * of the query's ORDER BY.
 */
export function toPage<Row>(
  rows: Row[],
  limit: number,
  keyOf: (row: Row) => readonly (string | number)[],
): { items: Row[]; next: string | null } {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last ? toCursor(keyOf(last)) : null }
}
