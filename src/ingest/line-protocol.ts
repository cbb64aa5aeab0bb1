import type { Window } from './roll-up.ts'
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
  const series = seriesText(measurement, point.asset, point.part)
  return { point, text: `${series} ${fields.text} ${point.at}` }
}

/** Where a row belongs: measurement and tags, safe in a line. */
export function seriesText(measurement: string, asset: string, part: string): string {
  const safePart = escapeTag(part)
  const partTag = safePart === '' ? '' : `,part=${safePart}`
  return `${measurement},${assetTag(measurement)}=${escapeTag(asset)}${partTag}`
}

/** The line of a roll-up window; `fields` in the order of its cells. */
export function windowLine(series: string, fields: readonly string[], window: Window): string {
  let text = ''
  for (const [i, field] of fields.entries()) {
    const cell = window.cells[i]
    if (!cell) continue
    const { mean, min, max, last, count } = cell
    text += `${text === '' ? '' : ','}${field}=${mean},${field}_min=${min},${field}_max=${max},${field}_last=${last},${field}_count=${count}`
  }
  return `${series} ${text} ${window.at}`
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
