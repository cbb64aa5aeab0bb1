import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Clock } from '../core/clock.ts'
import { minutes, seconds } from '../core/clock.ts'

/** One message of the live stream. Without `id` it is telemetry: not replayed after a gap. */
export type LiveMessage = { id?: string; event: string; data: unknown }

/** Who listens, as far as it decides whether the stream may go on. */
export type LiveReader = {
  userId: string
  everywhere: boolean
  /** Assets whose telemetry it shows. */
  watched: ReadonlySet<string>
  wants: (message: LiveMessage) => boolean
}

type Listener = LiveReader & { response: ServerResponse; openedAt: number }

export type LiveStream = {
  /** Turns the reply into an event stream; ends it when the browser leaves. */
  open: (
    reply: FastifyReply,
    reader: LiveReader,
  ) => { write: (message: LiveMessage) => void; end: () => void }
  /** To everybody who wants it. Never waits: who cannot keep up is cut off and comes back. */
  publish: (message: LiveMessage) => void
  /** Ends streams whose rights may have changed: who comes back proves them anew. */
  endWhere: (concerns: (reader: LiveReader) => boolean) => void
  listeners: () => number
  close: () => void
}

/** A stream outlives its session by no more than this; browsers come back by themselves. */
const longestMs = minutes(10)
const maxBufferedBytes = 1_000_000

const frame = ({ id, event, data }: LiveMessage): string =>
  `${id ? `id: ${id}\n` : ''}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** Server-sent events with a heartbeat; a slow listener is dropped, not buffered for ever. */
export function createLiveStream(clock: Clock): LiveStream {
  const listeners = new Set<Listener>()
  const write = (listener: Listener, text: string) => {
    if (listener.response.writableLength > maxBufferedBytes) {
      listeners.delete(listener)
      listener.response.destroy()
      return
    }
    listener.response.write(text)
  }
  const end = (listener: Listener) => {
    listeners.delete(listener)
    listener.response.end()
  }
  const heartbeat = clock.every(seconds(20), () => {
    for (const listener of listeners) {
      if (clock.monotonic() - listener.openedAt > longestMs) end(listener)
      else write(listener, ': here\n\n')
    }
  })
  return {
    open: (reply, reader) => {
      reply.hijack()
      const response = reply.raw
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      })
      response.write('retry: 3000\n\n')
      const listener = { ...reader, response, openedAt: clock.monotonic() }
      listeners.add(listener)
      response.on('close', () => listeners.delete(listener))
      return {
        write: (message) => write(listener, frame(message)),
        end: () => end(listener),
      }
    },
    publish: (message) => {
      if (listeners.size === 0) return
      const text = frame(message)
      for (const listener of listeners) if (listener.wants(message)) write(listener, text)
    },
    endWhere: (concerns) => {
      for (const listener of listeners) if (concerns(listener)) end(listener)
    },
    listeners: () => listeners.size,
    close: () => {
      heartbeat.cancel()
      for (const listener of listeners) end(listener)
    },
  }
}
