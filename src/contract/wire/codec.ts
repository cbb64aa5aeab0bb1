import { type BodyOf, type ChannelName, channels } from './channels.ts'
import { isPlainTelemetry } from './telemetry-check.ts'

export type Decoded<C extends ChannelName> =
  | { ok: true; body: BodyOf<C> }
  | { ok: false; reason: string }

/** The largest payload either side accepts, bytes. */
export const maxPayloadBytes = 256 * 1024

/** Deepest nesting of a body; the stack of whatever walks one must not be the agents' to break. */
const maxDepth = 64

function isNestedDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  return Object.values(value).some((inner) => isNestedDeeper(inner, levels - 1))
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parse(bytes: Uint8Array): { value: unknown } | { reason: string } {
  if (bytes.length > maxPayloadBytes) return { reason: `larger than ${maxPayloadBytes} bytes` }
  try {
    return { value: JSON.parse(utf8.decode(bytes)) }
  } catch (error) {
    return { reason: error instanceof SyntaxError ? 'not JSON' : 'not UTF-8' }
  }
}

/**
 * Bytes to a checked body. Never throws; the reason says where and what is wrong. Unknown fields
 * are ignored, so that a newer agent can talk to an older hub.
 */
export function decode<C extends ChannelName>(channel: C, bytes: Uint8Array): Decoded<C> {
  const parsed = parse(bytes)
  if ('reason' in parsed) return { ok: false, reason: parsed.reason }
  if (channel === 'telemetry' && isPlainTelemetry(parsed.value)) {
    return { ok: true, body: parsed.value as BodyOf<C> }
  }
  if (isNestedDeeper(parsed.value, maxDepth)) {
    return { ok: false, reason: `body: nested deeper than ${maxDepth} levels` }
  }
  const result = channels[channel].schema.safeParse(parsed.value)
  if (result.success) return { ok: true, body: result.data as BodyOf<C> }
  const issue = result.error.issues[0]
  const path = issue?.path.join('.') || 'body'
  return { ok: false, reason: `${path}: ${issue?.message ?? 'not valid'}`.slice(0, 300) }
}

/** A body to bytes. The caller's types are the check; nothing is validated again. */
export const encode = <C extends ChannelName>(_channel: C, body: BodyOf<C>): Buffer =>
  Buffer.from(JSON.stringify(body))
