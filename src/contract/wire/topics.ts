import { type ChannelName, channelNames, channels, isUp } from './channels.ts'
import { agentIdPattern, wireVersion } from './common.ts'

const root = `ansang/${wireVersion}/`
const known = new Set<string>(channelNames)

/** `ansang/1/{agentId}/{channel}` */
export const topicOf = (agentId: string, channel: ChannelName): string =>
  `${root}${agentId}/${channel}`

/** Takes a topic apart; `undefined` when it is not one of ours. */
export function parseTopic(topic: string): { agentId: string; channel: ChannelName } | undefined {
  if (!topic.startsWith(root)) return undefined
  const slash = topic.indexOf('/', root.length)
  if (slash < 0) return undefined
  const agentId = topic.slice(root.length, slash)
  const channel = topic.slice(slash + 1)
  if (!known.has(channel) || !agentIdPattern.test(agentId)) return undefined
  return { agentId, channel: channel as ChannelName }
}

/** Why this agent may not publish here; `undefined` when it may. */
export function publishRefusal(agentId: string, topic: string): string | undefined {
  const parsed = parseTopic(topic)
  if (!parsed) {
    return topic.startsWith('ansang/') && !topic.startsWith(root)
      ? `wire version not spoken here, this hub speaks ${root}`
      : 'no such topic'
  }
  if (parsed.agentId !== agentId) return "another agent's topic"
  return isUp(parsed.channel) ? undefined : `channel ${parsed.channel} is for the hub to send`
}

/** The exact topics an agent subscribes to; there are no wildcards on this wire. */
export const subscriptionsOf = (agentId: string): { topic: string; qos: 0 | 1 }[] =>
  channelNames
    .filter((channel) => !isUp(channel))
    .map((channel) => ({ topic: topicOf(agentId, channel), qos: channels[channel].qos }))

/** True when the agent may subscribe to exactly this filter. */
export function maySubscribe(agentId: string, filter: string): boolean {
  const parsed = parseTopic(filter)
  return parsed !== undefined && parsed.agentId === agentId && !isUp(parsed.channel)
}
