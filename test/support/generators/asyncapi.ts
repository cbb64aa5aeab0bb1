import { z } from 'zod'
import { type ChannelName, channelNames, channels } from '../../../src/contract/wire/channels.ts'
import { agentIdPattern, wireVersion } from '../../../src/contract/wire/common.ts'

type Json = Record<string, unknown>

const pointer = (...path: string[]) => ({ $ref: `#/${path.join('/')}` })

/**
 * The JSON schema of a channel's body (draft 7, AsyncAPI's own dialect). Objects stay open, for
 * receivers ignore unknown fields. Shared definitions move to the document's components, where
 * references from inside a payload can find them.
 */
function payloadOf(channel: ChannelName): { payload: Json; schemas: Json } {
  const {
    $schema: _,
    definitions = {},
    ...schema
  } = z.toJSONSchema(channels[channel].schema, {
    target: 'draft-7',
    io: 'input',
  }) as Json & { definitions?: Json }
  const named = (name: string) => `${channel}-${name.replace(/^_+/, '')}`
  const moved = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value), (key, inner: unknown) =>
      key === '$ref' && typeof inner === 'string'
        ? `#/components/schemas/${named(inner.replace('#/definitions/', ''))}`
        : inner,
    )
  const schemas = Object.entries(definitions).map(([name, one]) => [named(name), moved(one)])
  return { payload: moved(schema) as Json, schemas: Object.fromEntries(schemas) as Json }
}

function channelOf(channel: ChannelName): Json {
  return {
    address: `ansang/${wireVersion}/{agentId}/${channel}`,
    description: channels[channel].about,
    messages: { [channel]: pointer('components', 'messages', channel) },
    parameters: { agentId: pointer('components', 'parameters', 'agentId') },
  }
}

/** From the hub's side: it receives what goes up and sends what goes down. */
function operationOf(channel: ChannelName): [string, Json] {
  const { direction, qos, retain } = channels[channel]
  const action = direction === 'up' ? 'receive' : 'send'
  return [
    `${action}-${channel}`,
    {
      action,
      channel: pointer('channels', channel),
      messages: [pointer('channels', channel, 'messages', channel)],
      bindings: { mqtt: { qos, retain, bindingVersion: '0.2.0' } },
    },
  ]
}

const messageOf = (channel: ChannelName, payload: Json): Json => ({
  name: channel,
  title: channel,
  summary: channels[channel].about,
  contentType: 'application/json',
  payload,
  examples: [{ name: channel, payload: channels[channel].example }],
})

const fromEach = <T>(make: (channel: ChannelName) => [string, T]): Record<string, T> =>
  Object.fromEntries(channelNames.map(make))

/** The AsyncAPI 3.0 document of the wire, from the channel table. */
export function asyncApiDocument(): Json {
  const bodies = fromEach((channel) => [channel, payloadOf(channel)])
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'An Sáng wire',
      version: `${wireVersion}.0.0`,
      description:
        'What agents and the hub say to each other over MQTT 3.1.1. An upward message is ' +
        'acknowledged (PUBACK) once it is durable at the hub. Receivers ignore unknown fields.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: fromEach((channel) => [channel, channelOf(channel)]),
    operations: fromEach(operationOf),
    components: {
      parameters: {
        agentId: { description: `Id of the agent, matching ${agentIdPattern.source}` },
      },
      messages: fromEach((channel) => [
        channel,
        messageOf(channel, bodies[channel]?.payload ?? {}),
      ]),
      schemas: Object.assign({}, ...Object.values(bodies).map((body) => body.schemas)) as Json,
    },
  }
}

export const asyncApiJson = (): string => `${JSON.stringify(asyncApiDocument(), undefined, 2)}\n`
