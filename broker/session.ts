import type { Client } from 'aedes'
import type { UpChannel } from '../src/contract/wire/channels.ts'
import type { Link } from './link.ts'
import { createPending, type Pending } from './pending.ts'

/** A signed-in connection of an agent. */
export type Session = {
  agentId: string
  /** Rises with every accepted connection of this broker. */
  number: number
  client: Client
  link: Link
  pending: Pending
  /** A newer connection of the same agent has taken its place. */
  superseded: boolean
  ended: boolean
  /** The topic published last and what it means: nearly every publish repeats it. */
  lastTopic: string | undefined
  lastChannel: UpChannel
  /** QoS 1 messages on their way down, by packet id; made when first needed. */
  sends: Map<number, (acknowledged: boolean) => void> | undefined
  lastMessageId: number
}

export const newSession = (options: {
  number: number
  link: Link & { claims: string }
  client: Client
  maxPending: number
  onFull: (link: Link) => void
  onFree: (link: Link) => void
}): Session => ({
  agentId: options.link.claims,
  number: options.number,
  client: options.client,
  link: options.link,
  pending: createPending({
    limit: options.maxPending,
    onFull: () => options.onFull(options.link),
    onFree: () => options.onFree(options.link),
  }),
  superseded: false,
  ended: false,
  lastTopic: undefined,
  lastChannel: 'telemetry',
  sends: undefined,
  lastMessageId: 0,
})
