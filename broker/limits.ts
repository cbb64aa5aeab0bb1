import { maxPayloadBytes } from '../src/contract/wire/codec.ts'
import { seconds } from '../src/core/clock.ts'

export type Limits = {
  /** Largest CONNECT, bytes of remaining length. Checked before anyone is authenticated. */
  maxConnectBytes: number
  /** Largest packet of any other kind, bytes of remaining length. */
  maxPacketBytes: number
  /** Accepted records of one client that may wait for their sync before its reads stop. */
  maxPendingPerClient: number
  /** Longest keepalive a client may ask for; zero ("never check") is refused. */
  keepaliveMaxS: number
  /** From the opened socket to CONNECT, from CONNECT to the answer of `identify`. */
  connectTimeoutMs: number
  /** From the first byte of a packet to its last. */
  frameTimeoutMs: number
  /** From a sent QoS 1 message to the acknowledgement of the agent. */
  sendTimeoutMs: number
  /** Open sockets of all listeners together. */
  maxConnections: number
}

/** A topic and the fields around it stand beside the payload in one packet. */
const envelopeBytes = 1024

export const defaultLimits: Limits = {
  maxConnectBytes: 4096,
  maxPacketBytes: maxPayloadBytes + envelopeBytes,
  maxPendingPerClient: 128,
  keepaliveMaxS: 600,
  connectTimeoutMs: seconds(10),
  frameTimeoutMs: seconds(30),
  sendTimeoutMs: seconds(10),
  maxConnections: 20_000,
}
