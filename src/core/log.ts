import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Logger

/** Never printed, wherever in a log object they stand. */
const secretPaths = ['password', 'secret', 'token', 'claimCode', 'authorization', 'cookie', 'phone']

/** JSON lines on stdout (or `to`). Made once by the composition root and handed down as children. */
export function createLog(options: { level?: string; to?: DestinationStream } = {}): Log {
  const paths = secretPaths.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
  return pino(
    { level: options.level ?? 'info', base: null, redact: { paths, censor: '[redacted]' } },
    options.to,
  )
}

/** For tests and tools that must stay silent. */
export const silentLog: Log = pino({ level: 'silent' })
