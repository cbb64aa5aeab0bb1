import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws'

const path = '/mqtt'
const subprotocol = 'mqtt'
/** One WebSocket message may carry more than one MQTT packet. */
const messageSlackBytes = 64 * 1024

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?')[0] ?? ''

const speaksMqtt = (request: IncomingMessage): boolean =>
  (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .some((name) => name.trim() === subprotocol)

function refuse(socket: Duplex, status: number): void {
  socket.on('error', () => {})
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`)
}

export type WebSocketDoor = {
  /** Takes MQTT over WebSocket at `/mqtt` of this server; other upgrades are left to others. */
  attach: (server: Server) => void
  close: () => void
}

export function createWebSocketDoor(options: {
  maxPacketBytes: number
  open: (conn: Duplex, request: IncomingMessage) => void
}): WebSocketDoor {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxPacketBytes + messageSlackBytes,
    handleProtocols: () => subprotocol,
  })
  const detach: (() => void)[] = []

  const start = (ws: WebSocket, request: IncomingMessage) => {
    const conn = createWebSocketStream(ws)
    // [MQTT-6.0.0-1]: a text frame is a protocol error.
    ws.on('message', (_data, isBinary) => {
      if (!isBinary) conn.destroy(new Error('a text frame on an MQTT WebSocket'))
    })
    options.open(conn, request)
  }
  return {
    attach: (server) => {
      const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        if (pathOf(request) !== path) {
          // Nobody else to leave it to: an upgrade that no one takes would hang.
          if (server.listenerCount('upgrade') === 1) refuse(socket, 404)
          return
        }
        if (!speaksMqtt(request)) return refuse(socket, 400)
        sockets.handleUpgrade(request, socket, head, (ws) => start(ws, request))
      }
      server.on('upgrade', onUpgrade)
      detach.push(() => server.off('upgrade', onUpgrade))
    },
    close: () => {
      for (const one of detach.splice(0)) one()
      sockets.close()
    },
  }
}
