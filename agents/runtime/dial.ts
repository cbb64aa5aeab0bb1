import { createHash, X509Certificate } from 'node:crypto'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { createWebSocketStream, WebSocket } from 'ws'

/** How a TLS server is known: by an authority, by the pin of its key, or by both. */
export type ServerTrust = { ca?: string; pin?: string }

/** True for names and addresses of this very machine, as `URL.hostname` writes them. */
export const isLoopback = (host: string): boolean => /^(localhost|127\.[\d.]+|\[::1\])$/.test(host)

const timeoutMs = 15_000

/** SHA-256 of a certificate's public key (SPKI), base64url: what a QR code carries. */
export const pinOf = (certificate: Buffer): string => {
  const { publicKey } = new X509Certificate(certificate)
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('base64url')
}

function connected<S extends net.Socket>(socket: S, event: 'connect' | 'secureConnect') {
  return new Promise<S>((resolve, reject) => {
    const fail = (error: Error) => {
      socket.destroy()
      reject(error)
    }
    socket.setTimeout(timeoutMs, () => fail(new Error('no answer')))
    socket.once('error', fail)
    socket.once(event, () => {
      socket.setTimeout(0)
      socket.removeListener('error', fail)
      resolve(socket)
    })
  })
}

/**
 * A TLS connection to a server that has proved who it is; nothing was sent to it before.
 *
 * @throws Error when the certificate is not trusted or its key is not the pinned one
 */
export async function dialTls(
  host: string,
  port: number,
  trust: ServerTrust,
): Promise<tls.TLSSocket> {
  const { ca, pin } = trust
  const socket = tls.connect({
    host,
    port,
    minVersion: 'TLSv1.2',
    ...(net.isIP(host) ? {} : { servername: host }),
    ...(ca ? { ca } : {}),
    // A pin without an authority stands for the whole check, done below before the first byte.
    rejectUnauthorized: !(pin && !ca),
  })
  await connected(socket, 'secureConnect')
  const raw = socket.getPeerCertificate().raw
  if (pin && (!raw || pinOf(raw) !== pin)) {
    socket.destroy()
    throw new Error("the server's key is not the pinned one")
  }
  return socket
}

async function dialWebSocket(url: URL, carrier: net.Socket): Promise<Duplex> {
  const address = new URL(url)
  // The carrier is encrypted already where it must be.
  address.protocol = 'ws:'
  const ws = new WebSocket(address, 'mqtt', { createConnection: () => carrier })
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve)
    ws.once('error', reject)
  })
  return createWebSocketStream(ws)
}

const defaultPorts: Record<string, number> = {
  'mqtt:': 1883,
  'mqtts:': 8883,
  'ws:': 80,
  'wss:': 443,
}

/** An open, checked byte stream to the hub's MQTT door. */
export async function dial(address: string, trust: ServerTrust): Promise<Duplex> {
  const url = new URL(address)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = Number(url.port || defaultPorts[url.protocol])
  const secure = url.protocol === 'mqtts:' || url.protocol === 'wss:'
  const socket = secure
    ? await dialTls(host, port, trust)
    : await connected(net.connect({ host, port }), 'connect')
  socket.setNoDelay(true)
  return url.protocol.startsWith('ws') ? dialWebSocket(url, socket) : socket
}
