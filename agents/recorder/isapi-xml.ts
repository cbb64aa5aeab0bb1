import { XMLParser, XMLValidator } from 'fast-xml-parser'

/**
 * ISAPI bodies as trees. Blind to namespaces (they differ by firmware), tolerant of the unescaped
 * `&` in camera names, strict about everything else: a cut-off body is no body, and a document
 * type (where entity bombs live) is refused.
 */
export type XmlNode = { name: string; value: unknown }

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: true,
})

/** Root element of the body, or `undefined` when this is not well-formed XML. */
export function parseXml(body: string): XmlNode | undefined {
  if (body.trim() === '' || /<!(?:DOCTYPE|ENTITY)/i.test(body)) return undefined
  const clean = body.replace(/&(?!#?\w+;)/g, '&amp;')
  try {
    if (XMLValidator.validate(clean) !== true) return undefined
    const tree = parser.parse(clean) as Record<string, unknown>
    const name = Object.keys(tree).find((key) => !key.startsWith('?'))
    return name === undefined ? undefined : { name, value: tree[name] }
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value of a child element by path, names compared without case. */
export function child(value: unknown, ...path: string[]): unknown {
  let at = value
  for (const name of path) {
    if (!isObject(at)) return undefined
    const wanted = name.toLowerCase()
    const key = Object.keys(at).find((one) => one.toLowerCase() === wanted)
    at = key === undefined ? undefined : at[key]
  }
  return at
}

/** All children of that name: a list of one element is still a list, an absent one is empty. */
export function children(value: unknown, ...path: string[]): unknown[] {
  const found = child(value, ...path)
  if (found === undefined || found === '') return []
  return Array.isArray(found) ? found : [found]
}

/** Text of a child; `undefined` when it is absent or empty. */
export function text(value: unknown, ...path: string[]): string | undefined {
  const found = child(value, ...path)
  const first = Array.isArray(found) ? found[0] : found
  if (typeof first !== 'string') return undefined
  const trimmed = first.trim()
  return trimmed === '' ? undefined : trimmed
}

/** A finite decimal number, or `undefined`: `87天` and `` are not numbers. */
export function decimal(value: unknown, ...path: string[]): number | undefined {
  const found = text(value, ...path)
  return found !== undefined && /^-?\d+(\.\d+)?$/.test(found) ? Number(found) : undefined
}

/** `true` and `false` as text; anything else is not known. */
export function flag(value: unknown, ...path: string[]): boolean | undefined {
  const found = text(value, ...path)?.toLowerCase()
  return found === 'true' ? true : found === 'false' ? false : undefined
}
