import type { UpChannel } from '../src/contract/wire/channels.ts'
import { parseTopic, publishRefusal } from '../src/contract/wire/topics.ts'
import type { Session } from './session.ts'

/** The channel that this publish belongs to, or why it is refused. */
export function publishChannel(
  session: Session,
  packet: { topic: string; qos: number },
): { channel: UpChannel } | { refused: string } {
  if (packet.qos > 1) return { refused: 'QoS 2 is not spoken here' }
  if (packet.topic === session.lastTopic) return { channel: session.lastChannel }
  const refused = publishRefusal(session.agentId, packet.topic)
  const parsed = parseTopic(packet.topic)
  if (refused || !parsed) return { refused: refused ?? 'no such topic' }
  session.lastTopic = packet.topic
  session.lastChannel = parsed.channel as UpChannel
  return { channel: session.lastChannel }
}
