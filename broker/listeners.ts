import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'

export type TlsMaterial = { key: string; cert: string; ca?: string }

export type Listener = { port: number; close: () => Promise<void> }

async function listen(server: net.Server, at: { host: string; port: number }): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address()
  return typeof address === 'object' && address ? address.port : at.port
}

const closeServer = (server: net.Server): Promise<void> =>
  new Promise((resolve) => server.close(() => resolve()))

/** Plain MQTT over TCP. Throws when the port cannot be had. */
export async function listenTcp(options: {
  at: { host: string; port: number }
  open: (socket: net.Socket) => void
  onError: (error: Error) => void
}): Promise<Listener> {
  const server = net.createServer({ noDelay: true }, options.open)
  const port = await listen(server, options.at)
  server.on('error', options.onError)
  return { port, close: () => closeServer(server) }
}

/**
 * MQTT over TLS. A client certificate is asked for, not required, and trusted only while a `ca`
 * is set: without one, Node would check it against the public authorities.
 */
export async function listenTls(options: {
  at: { host: string; port: number }
  material: TlsMaterial
  handshakeTimeoutMs: number
  maxConnections: number
  open: (socket: tls.TLSSocket, trustsCertificates: boolean) => void
  onTlsError: (error: Error, remoteAddress: string | undefined) => void
  onError: (error: Error) => void
}): Promise<Listener & { reload: (material: TlsMaterial) => void }> {
  let trustsCertificates = options.material.ca !== undefined
  const handshaking = new Set<Duplex>()
  const server = tls.createServer(
    {
      ...options.material,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      handshakeTimeout: options.handshakeTimeoutMs,
      noDelay: true,
    },
    (socket) => options.open(socket, trustsCertificates),
  )
  // Sockets in their handshake are no links yet, but hold the server open all the same.
  server.on('connection', (socket) => {
    handshaking.add(socket)
    socket.once('close', () => handshaking.delete(socket))
  })
  server.on('tlsClientError', (error, socket) => {
    options.onTlsError(error, socket.remoteAddress)
    socket.destroy()
  })
  server.maxConnections = options.maxConnections
  const port = await listen(server, options.at)
  server.on('error', options.onError)
  return {
    port,
    close: async () => {
      const done = closeServer(server)
      for (const socket of handshaking) socket.destroy()
      await done
    },
    reload: (material) => {
      server.setSecureContext({ ...material, minVersion: 'TLSv1.2' })
      trustsCertificates = material.ca !== undefined
    },
  }
}
