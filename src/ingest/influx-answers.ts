import { days, hours } from '../core/clock.ts'
import type { Line } from './line-protocol.ts'
import { floorTo } from './roll-up.ts'
import type { Refusal, UnavailableKind } from './series.ts'

/**
 * What an answer to a write means, and what to do about it. Measured on InfluxDB 1.6.7; 1.8 to
 * 1.12 answer the same, 2.x and 3 put "partial write" into 422 and 400.
 */
export type WriteAnswer =
  | { kind: 'stored' }
  /** Some points are refused for good; sending them again changes nothing. */
  | { kind: 'partial'; reason: string; dropped: number; unparsed: string[] }
  /** The database or the retention policy is not there. */
  | { kind: 'missing'; reason: string }
  | { kind: 'too-large' }
  | { kind: 'unavailable'; because: UnavailableKind; reason: string }

/** The `error` (or `message`) of a JSON body, else the text itself, bounded for logs. */
export function reasonIn(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed === 'object' && parsed !== null) {
      const { error, message } = parsed as { error?: unknown; message?: unknown }
      const found = error ?? message
      if (typeof found === 'string') return found.slice(0, 4000)
    }
  } catch {
    // Not JSON: a proxy's page, say.
  }
  return body.slice(0, 300)
}

const partialText = /partial write|unable to parse/
const unparsedLine = /unable to parse '((?:[^'\\]|\\.|'(?!:))*)':/g

function partial(reason: string): WriteAnswer {
  const unparsed = Array.from(reason.matchAll(unparsedLine), (match) => match[1] ?? '')
  const dropped = Number(/dropped=(\d+)/.exec(reason)?.[1] ?? 0)
  return { kind: 'partial', reason, dropped, unparsed }
}

/** A 400 that names no point is about the request as a whole: nothing is lost by keeping it. */
const unavailable = (status: number, reason: string): WriteAnswer => {
  if (status === 401 || status === 403) {
    return { kind: 'unavailable', because: 'credentials', reason }
  }
  const because = status >= 500 || status === 429 ? 'server' : 'schema'
  return { kind: 'unavailable', because, reason: `${status}: ${reason}` }
}

export function classifyWrite(status: number, body: string): WriteAnswer {
  if (status >= 200 && status < 300) return { kind: 'stored' }
  const reason = reasonIn(body) || `status ${status}`
  if (status === 413) return { kind: 'too-large' }
  if (status === 404 || /retention policy not found/.test(reason))
    return { kind: 'missing', reason }
  const someOnly = (status === 400 || status === 422) && partialText.test(reason)
  return someOnly ? partial(reason) : unavailable(status, reason)
}

const refuse = (lines: Line[], reason: string): Refusal[] =>
  lines.map(({ point }) => ({ point, reason }))

/** The oldest points, when the server refused by age. */
const byAge = (lines: Line[], dropped: number): Line[] =>
  lines.toSorted((a, b) => a.point.at - b.point.at).slice(0, dropped)

const conflictText = /input field "([^"]+)" on measurement "([^"]+)"/

/** A type conflict hits every point with that field in one shard, so one day or all of them. */
function byConflict(lines: Line[], reason: string, dropped: number): Line[] | undefined {
  const [, field, measurement] = conflictText.exec(reason) ?? []
  if (field === undefined) return undefined
  const suspects = lines.filter(
    ({ point }) => point.measurement === measurement && Object.hasOwn(point.fields, field),
  )
  if (suspects.length === dropped) return suspects
  const shards = Map.groupBy(suspects, ({ point }) => floorTo(point.at, days(1)))
  return [...shards.values()].find((shard) => shard.length === dropped)
}

/**
 * Which points a partial write refused; as many as the server says. Where its answer does not tell
 * which, the reason says so, because the count is right and the names are a guess.
 */
export function refusedLines(
  lines: Line[],
  answer: WriteAnswer & { kind: 'partial' },
  now: number,
): Refusal[] {
  const { reason, dropped, unparsed } = answer
  const bad = new Set(unparsed)
  const unread = refuse(
    lines.filter(({ text }) => bad.has(text)),
    'line not understood',
  )
  const read = lines.filter(({ text }) => !bad.has(text))
  if (dropped === 0) {
    return unread.length > 0 || reason.startsWith('partial write') ? unread : refuse(lines, reason)
  }
  if (dropped >= read.length) return [...unread, ...refuse(read, reason)]
  const aged = /beyond retention/.test(reason)
  const certain = aged ? byAge(read, dropped) : byConflict(read, reason, dropped)
  if (certain) return [...unread, ...refuse(certain, reason)]
  const oldest = byAge(read, dropped)
  const hoursOld = Math.round((now - (oldest[0]?.point.at ?? now)) / hours(1))
  return [...unread, ...refuse(oldest, `one of ${read.length}, up to ${hoursOld} h old: ${reason}`)]
}
