import type { Duplex } from 'node:stream'
import { type FrameState, newFrameState } from './frames.ts'
import type { Session } from './session.ts'

export type Certificate = { fingerprint256: string; commonName: string }

/** One open socket, from its first byte to its close, whether or not it ever signs in. */
export type Link = {
  conn: Duplex
  remoteAddress: string | undefined
  /** Set only when the TLS layer has authorised it. */
  certificate?: Certificate
  frame: FrameState
  /** Monotonic time at which the packet that is now incomplete began. */
  frameSince: number | undefined
  /** Reads stand still: the handshake is going on, or too much waits for its sync. */
  held: { handshake: boolean; pending: boolean; refused: boolean }
  /** What CONNECT said, as the hooks that come after it do not get the packet. */
  connect?: { clean: boolean; will?: { topic: string; qos?: number } }
  /** The agent that this link tries to sign in as. */
  claims?: string
  /** Cut off while it was still signing in. */
  cut?: string
  session?: Session
  /** Its end has been counted and logged already. */
  noted: boolean
}

export const newLink = (conn: Duplex, remoteAddress: string | undefined): Link => ({
  conn,
  remoteAddress,
  frame: newFrameState(),
  frameSince: undefined,
  held: { handshake: false, pending: false, refused: false },
  noted: false,
})

const isHeld = ({ held }: Link): boolean => held.handshake || held.pending || held.refused

/**
 * Holding back reads is done here and not by the broker's own pause: that one forgets the
 * completions that happen meanwhile, so a paused client may never be read again.
 */
export const mayRead = (link: Link): boolean => !isHeld(link)

/** Lets reads go on for one reason; the broker reads when it is told that there is something. */
export function letRead(link: Link, reason: 'handshake' | 'pending'): void {
  if (!link.held[reason]) return
  link.held[reason] = false
  if (mayRead(link)) link.conn.emit('readable')
}
