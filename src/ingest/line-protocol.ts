import type { Point, Refusal } from './series.ts'
import { assetTag, cleanTag, fieldIndexOf, refusalOf } from './series-names.ts'

/**
 * Line protocol for InfluxDB, written so that no value can become something else: names only from
 * the measures table, tags cleaned and escaped, every value a finite float, time in milliseconds.
 */
const special = /[,= ]/
const specials = /[,= ]/g

/** A tag value as it stands in a line; empty when nothing is left of it. */
export const escapeTag = (text: string): string => {
  const clean = cleanTag(text)
  return special.test(clean) ? clean.replace(specials, '\\$&') : clean
}

type Fields = { text: string } | { reason: string }

function fieldsText(point: Point, known: ReadonlyMap<string, number>): Fields {
  let text = ''
  for (const name in point.fields) {
    if (!known.has(name)) return { reason: `unknown field ${name.slice(0, 40)}` }
    const value = point.fields[name]
    if (typeof value !== 'number' || !Number.isFinite(value)) continue
    text += text === '' ? `${name}=${value}` : `,${name}=${value}`
  }
  return text === '' ? { reason: 'no finite value' } : { text }
}

export type Line = { text: string; point: Point }

/** The line of a point, or why there is none. */
export function lineOf(point: Point): Line | Refusal {
  const reason = refusalOf(point)
  if (reason !== undefined) return { point, reason }
  const { measurement } = point
  const fields = fieldsText(point, fieldIndexOf(measurement) ?? new Map())
  if ('reason' in fields) return { point, reason: fields.reason }
  const part = escapeTag(point.part)
  const tags = `${assetTag(measurement)}=${escapeTag(point.asset)}${part === '' ? '' : `,part=${part}`}`
  return { point, text: `${measurement},${tags} ${fields.text} ${point.at}` }
}

export const maxLines = 5000
export const maxChars = 1_000_000

/** Lines in requests of at most 5000 lines and about 1 MB, in their order. */
export function chunkLines(lines: Line[]): Line[][] {
  const chunks: Line[][] = []
  let chunk: Line[] = []
  let chars = 0
  for (const line of lines) {
    if (chunk.length >= maxLines || (chars + line.text.length > maxChars && chunk.length > 0)) {
      chunks.push(chunk)
      chunk = []
      chars = 0
    }
    chunk.push(line)
    chars += line.text.length + 1
  }
  if (chunk.length > 0) chunks.push(chunk)
  return chunks
}
