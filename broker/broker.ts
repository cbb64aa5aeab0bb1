/**
 * The MQTT door. It lets agents in one connection each, takes what they publish on their own
 * channels, and acknowledges a record only when the hub has it durably, in order of arrival.
 * It brings the hub's messages to an agent and says whether they were acknowledged.
 * It never routes between clients, keeps no session, no retained message and no queue, and does
 * not look into payloads. What it refuses is counted and said once.
 */
import type { Server } from 'node:http'
import type { DownChannel, UpChannel } from '../src/contract/wire/channels.ts'
import type { Clock } from '../src/core/clock.ts'
import type { Log } from '../src/core/log.ts'
import { createDoor } from './door.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { listenTcp, listenTls, type TlsMaterial } from './listeners.ts'
import { createWebSocketDoor } from './websocket.ts'

export type BrokerPorts = {
  /** Who is it? Called once per CONNECT, after client-id rules; must be cheap. */
  identify: (who: {
    clientId: string
    username: string | undefined
    password: string | undefined
    /** Only when the TLS layer authorised it. */
    certificate?: { fingerprint256: string; commonName: string }
    remoteAddress: string | undefined
  }) => Promise<{ agentId: string } | { refused: string }>
  /** Durable accept: calls done after the record is synced, in arrival order per client. */
  accept: (
    record: { agentId: string; channel: UpChannel; payload: Buffer; session: number },
    done: (error?: Error) => void,
  ) => void
  /** Presence by session number (rises with every accepted connection of this broker). */
  present: (agentId: string, session: number, connected: boolean) => void
  /** Counted refusals and happenings: connection-refused, publish-refused, not-mqtt, … */
  count: (what: string) => void
}

export type BrokerOptions = {
  clock: Clock
  log: Log
  ports: BrokerPorts
  tcp?: { host: string; port: number }
  tls?: { host: string; port: number; key: string; cert: string; ca?: string }
  limits?: Partial<Limits>
}

export type Broker = {
  tcpPort: number | undefined
  tlsPort: number | undefined
  /** Attaches MQTT over WebSocket at `/mqtt` of an existing server. */
  attachWebSocket: (server: Server) => void
  /**
   * To one agent, at the QoS of the channel table. True when it has acknowledged (QoS 0: when
   * written); false when it is not connected here or does not acknowledge in time.
   */
  send: (agentId: string, channel: DownChannel, body: unknown) => Promise<boolean>
  /** Cuts an agent off at once (revoked), also while it is still signing in. */
  disconnect: (agentId: string, reason: string) => void
  connectedCount: () => number
  isConnected: (agentId: string) => boolean
  /** New key and certificates for new connections; open sessions stay. Throws on bad material. */
  reloadTls: (material: TlsMaterial) => void
  /** Stops listening and cuts everyone off; wills are not taken, for it is the hub that leaves. */
  close: () => Promise<void>
}

/** Opens the listeners that are asked for; throws when one cannot be opened. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const limits = { ...defaultLimits, ...options.limits }
  const door = await createDoor({ ...options, limits })
  const webSockets = createWebSocketDoor({
    maxPacketBytes: limits.maxPacketBytes,
    open: (conn, request) => door.open(conn, { request, socket: request.socket }),
  })
  const listeners: { close: () => Promise<void> }[] = []
  const close = async () => {
    webSockets.close()
    const closed = listeners.map((listener) => listener.close())
    await door.close()
    await Promise.all(closed)
  }
  const onError = (err: Error) => options.log.error({ err }, 'mqtt listener failed')

  const openTcp = async (at: NonNullable<BrokerOptions['tcp']>) => {
    const listener = await listenTcp({
      at,
      open: (socket) => door.open(socket, { socket }),
      onError,
    })
    listeners.push(listener)
    return listener
  }
  const openTls = async ({ host, port, ...material }: NonNullable<BrokerOptions['tls']>) => {
    const listener = await listenTls({
      at: { host, port },
      material,
      handshakeTimeoutMs: limits.connectTimeoutMs,
      maxConnections: limits.maxConnections,
      open: (socket, trustsCertificates) => door.open(socket, { socket, trustsCertificates }),
      onTlsError: door.onTlsError,
      onError,
    })
    listeners.push(listener)
    return listener
  }
  try {
    const tcp = options.tcp && (await openTcp(options.tcp))
    const tls = options.tls && (await openTls(options.tls))
    return {
      tcpPort: tcp?.port,
      tlsPort: tls?.port,
      attachWebSocket: webSockets.attach,
      send: door.send,
      disconnect: door.disconnect,
      connectedCount: door.connectedCount,
      isConnected: door.isConnected,
      reloadTls: (material) => tls?.reload(material),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
