import type { z } from 'zod'
import { examples } from './examples.ts'
import {
  Birth,
  Command,
  Conditions,
  Desired,
  Gone,
  Reply,
  Reported,
  Telemetry,
  Time,
} from './messages.ts'

type Channel = {
  /** `up`: agent to hub. `down`: hub to agent. */
  direction: 'up' | 'down'
  qos: 0 | 1
  retain: false
  schema: z.ZodType
  example: unknown
  about: string
}

/**
 * The channel table. ACL, subscriptions, codec, the AsyncAPI document and the docs' table are
 * derived from it; a new channel is one new row here.
 */
export const channels = {
  birth: {
    direction: 'up',
    qos: 1,
    retain: false,
    schema: Birth,
    example: examples.birth,
    about: 'First record of a connection: version, inventory, sections held',
  },
  telemetry: {
    direction: 'up',
    qos: 1,
    retain: false,
    schema: Telemetry,
    example: examples.telemetry,
    about: 'Timed samples of units and their parts',
  },
  conditions: {
    direction: 'up',
    qos: 1,
    retain: false,
    schema: Conditions,
    example: examples.conditions,
    about: 'The full set of active conditions, and what cannot be judged',
  },
  reported: {
    direction: 'up',
    qos: 1,
    retain: false,
    schema: Reported,
    example: examples.reported,
    about: 'Which desired sections the agent holds, accepted or refused',
  },
  reply: {
    direction: 'up',
    qos: 1,
    retain: false,
    schema: Reply,
    example: examples.reply,
    about: 'The answer to a command',
  },
  gone: {
    direction: 'up',
    qos: 1,
    retain: false,
    schema: Gone,
    example: examples.gone,
    about: 'The will; a hint that the connection broke',
  },
  desired: {
    direction: 'down',
    qos: 1,
    retain: false,
    schema: Desired,
    example: examples.desired,
    about: 'Desired sections that differ from what the agent holds',
  },
  command: {
    direction: 'down',
    qos: 1,
    retain: false,
    schema: Command,
    example: examples.command,
    about: 'Something to do once, before it expires',
  },
  time: {
    direction: 'down',
    qos: 0,
    retain: false,
    schema: Time,
    example: examples.time,
    about: "The hub's time",
  },
} as const satisfies Record<string, Channel>

export type ChannelName = keyof typeof channels
export type UpChannel = {
  [K in ChannelName]: (typeof channels)[K]['direction'] extends 'up' ? K : never
}[ChannelName]
export type DownChannel = Exclude<ChannelName, UpChannel>
export type BodyOf<C extends ChannelName> = z.infer<(typeof channels)[C]['schema']>

export const channelNames = Object.keys(channels) as ChannelName[]

export const isUp = (channel: ChannelName): channel is UpChannel =>
  channels[channel].direction === 'up'
