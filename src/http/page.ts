import { Problem } from '../core/problem.ts'

/** The sort key of the last row seen, opaque for the caller. */
export const toCursor = (key: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url')

type Kind = 'text' | 'int'
type Key<K extends readonly Kind[]> = {
  -readonly [I in keyof K]: K[I] extends 'int' ? number : string
}

const fits = (part: unknown, kind: Kind | undefined): boolean =>
  kind === 'int' ? Number.isSafeInteger(part) : typeof part === 'string'

/**
 * Takes a cursor apart into values of these kinds; refuses anything that is not one of ours, so
 * that no database has to. Throws request.bad-cursor.
 */
export function fromCursor<const K extends readonly Kind[]>(cursor: string, kinds: K): Key<K> {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    const isKey =
      Array.isArray(key) &&
      key.length === kinds.length &&
      key.every((part, i) => fits(part, kinds[i]))
    if (isKey) return key as Key<K>
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
