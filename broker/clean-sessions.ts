import { Readable } from 'node:stream'
import type { Client } from 'aedes'

type Done = ((error?: Error | null) => void) | undefined

/**
 * The broker's router, for a broker that routes nothing: agents talk to the hub only, and the hub
 * takes messages in the publish hook. It calls back in the same tick, which also makes closing a
 * client one synchronous step.
 */
export const noRouter = {
  current: 0,
  concurrency: 0,
  on: (_topic: string, _listener: unknown, done: Done) => done?.(),
  removeListener: (_topic: string, _listener: unknown, done: Done) => done?.(),
  emit: (_packet: unknown, done: Done) => done?.(),
  close: (done: Done) => done?.(),
}

const nothing = async () => undefined

/**
 * The broker's store, for sessions that are always clean and topics that are never retained: it
 * keeps nothing. `onAck` hears every PUBACK of a client.
 */
export function createNoStore(onAck: (client: Client, messageId: number) => void) {
  return {
    setup: nothing,
    destroy: nothing,
    subscriptionsByClient: async () => [],
    subscriptionsByTopic: async () => [],
    cleanSubscriptions: nothing,
    addSubscriptions: nothing,
    removeSubscriptions: nothing,
    putWill: nothing,
    delWill: nothing,
    streamWill: () => Readable.from([]),
    storeRetained: nothing,
    createRetainedStreamCombi: () => Readable.from([]),
    outgoingStream: () => Readable.from([]),
    outgoingEnqueue: nothing,
    outgoingEnqueueCombi: nothing,
    outgoingUpdate: nothing,
    outgoingClearMessageId: async (client: Client, packet: { messageId?: number }) => {
      if (packet.messageId !== undefined) onAck(client, packet.messageId)
    },
    incomingStorePacket: nothing,
    incomingDelPacket: nothing,
    incomingGetPacket: async () => {
      throw new Error('QoS 2 is not spoken here')
    },
    cleanIncoming: nothing,
  }
}
