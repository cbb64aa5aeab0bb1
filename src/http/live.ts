import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Clock } from '../core/clock.ts'
import { seconds } from '../core/clock.ts'

/** One message of the live stream. Without `id` it is telemetry: not replayed after a gap. */
export type LiveMessage = { id?: string; event: string; data: unknown }

type Listener = { response: ServerResponse; wants: (message: LiveMessage) => boolean }

export type LiveStream = {
  /** Turns the reply into an event stream; ends it when the browser leaves. */
  open: (reply: FastifyReply, wants: (message: LiveMessage) => boolean) => (m: LiveMessage) => void
  /** To everybody who wants it. Never waits: who cannot keep up is cut off and comes back. */
  publish: (message: LiveMessage) => void
  listeners: () => number
  close: () => void
}

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
  const heartbeat = clock.every(seconds(20), () => {
    for (const listener of listeners) write(listener, ': here\n\n')
  })
  return {
    open: (reply, wants) => {
      reply.hijack()
      const response = reply.raw
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      response.write('retry: 3000\n\n')
      const listener = { response, wants }
      listeners.add(listener)
      response.on('close', () => listeners.delete(listener))
      return (message) => write(listener, frame(message))
    },
    publish: (message) => {
      if (listeners.size === 0) return
      const text = frame(message)
      for (const listener of listeners) if (listener.wants(message)) write(listener, text)
    },
    listeners: () => listeners.size,
    close: () => {
      heartbeat.cancel()
      for (const listener of listeners) listener.response.end()
      listeners.clear()
    },
  }
}
