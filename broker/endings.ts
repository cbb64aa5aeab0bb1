import type { Happening } from './notes.ts'

export type Ending = { what: Happening; reason: string }

/** Texts of the broker's own errors, which carry no code. */
const byMessage: Record<string, Happening> = {
  'connect did not arrive in time': 'connect-timeout',
  'keep alive timeout': 'keepalive-timeout',
  'drain timeout': 'send-failed',
  'connection closed': 'connection-lost',
  'Client queue limit reached': 'connection-refused',
}

const lostCodes = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE'])

const refusedCodes: Record<number, string> = {
  1: 'this MQTT version is not spoken here, use 3.1.1',
  2: 'the client id is not accepted',
  6: 'the keepalive is zero or too long',
}

/** Why the broker let go of a connection: what to count, and the words for the log. */
export function endingOf(error: Error & { errorCode?: number; code?: string }): Ending {
  if (error.errorCode !== undefined) {
    return {
      what: 'connection-refused',
      reason: refusedCodes[error.errorCode] ?? error.message,
    }
  }
  const known = byMessage[error.message]
  if (known) return { what: known, reason: error.message }
  if (error.code && lostCodes.has(error.code)) {
    return { what: 'connection-lost', reason: error.code }
  }
  const what =
    error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'frame-too-large' : 'malformed-packet'
  return { what, reason: error.message.slice(0, 200) }
}
