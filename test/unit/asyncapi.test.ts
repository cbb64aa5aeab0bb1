import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { channelNames, channels } from '../../src/contract/wire/channels.ts'
import { asyncApiDocument } from '../support/generators/asyncapi.ts'

const document = asyncApiDocument()

const Ref = z.strictObject({ $ref: z.string().startsWith('#/') })
const identifier = z.string().regex(/^[A-Za-z0-9_-]+$/)

/** The part of the AsyncAPI 3.0 specification that this document uses, closed. */
const AsyncApi = z.strictObject({
  asyncapi: z.literal('3.0.0'),
  info: z.strictObject({
    title: z.string().min(1),
    version: z.string().min(1),
    description: z.string(),
    license: z.strictObject({ name: z.string() }),
  }),
  defaultContentType: z.literal('application/json'),
  channels: z.record(
    identifier,
    z.strictObject({
      address: z.string().min(1),
      description: z.string().min(1),
      messages: z.record(identifier, Ref),
      parameters: z.record(identifier, Ref),
    }),
  ),
  operations: z.record(
    identifier,
    z.strictObject({
      action: z.enum(['send', 'receive']),
      channel: Ref,
      messages: z.array(Ref).min(1),
      bindings: z.strictObject({
        mqtt: z.strictObject({
          qos: z.union([z.literal(0), z.literal(1)]),
          retain: z.literal(false),
          bindingVersion: z.literal('0.2.0'),
        }),
      }),
    }),
  ),
  components: z.strictObject({
    parameters: z.record(identifier, z.strictObject({ description: z.string() })),
    messages: z.record(
      identifier,
      z.strictObject({
        name: z.string(),
        title: z.string(),
        summary: z.string(),
        contentType: z.literal('application/json'),
        payload: z.looseObject({ type: z.literal('object') }),
        examples: z
          .array(z.strictObject({ name: z.string(), payload: z.record(z.string(), z.unknown()) }))
          .min(1),
      }),
    ),
    schemas: z.record(identifier, z.record(z.string(), z.unknown())),
  }),
})

/** Follows `#/a/b`; `undefined` when nothing is there. */
const resolve = (ref: string): unknown =>
  ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document)

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' ? [inner as string] : refsIn(inner),
  )
}

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
ajv.addSchema({ ...document, $id: 'wire' })
const validatorOf = (channel: string) => {
  const validate = ajv.getSchema(`wire#/components/messages/${channel}/payload`)
  if (!validate) throw new Error(`no payload schema for ${channel}`)
  return validate
}

describe('the AsyncAPI document', () => {
  test('has the structure of AsyncAPI 3.0', () => {
    expect(AsyncApi.safeParse(document).error).toBeUndefined()
  })

  test('has one channel, one message and one operation for each row of the channel table', () => {
    const parsed = AsyncApi.parse(document)
    const addresses = Object.entries(parsed.channels).map(([name, { address }]) => [name, address])
    expect(addresses).toEqual(channelNames.map((name) => [name, `ansang/1/{agentId}/${name}`]))
    expect(Object.keys(parsed.components.messages)).toEqual(channelNames)
    expect(Object.keys(parsed.operations)).toHaveLength(channelNames.length)
  })

  test('speaks from the side of the hub', () => {
    const { operations } = AsyncApi.parse(document)
    for (const name of channelNames) {
      const action = channels[name].direction === 'up' ? 'receive' : 'send'
      expect(operations[`${action}-${name}`]?.bindings.mqtt.qos).toBe(channels[name].qos)
    }
  })

  test('every reference leads somewhere', () => {
    const refs = refsIn(document)
    expect(refs.length).toBeGreaterThan(40)
    expect(refs.filter((ref) => resolve(ref) === undefined)).toEqual([])
  })
})

describe('the schemas of the document', () => {
  test.each(channelNames)('accept the example of %s', (channel) => {
    const validate = validatorOf(channel)
    expect(validate(channels[channel].example), JSON.stringify(validate.errors)).toBe(true)
  })

  test.each(channelNames)('accept a field that %s does not know yet', (channel) => {
    const newer = { ...(channels[channel].example as object), addedLater: 1 }
    expect(validatorOf(channel)(newer)).toBe(true)
  })

  test.each(channelNames)('refuse %s without its fields', (channel) => {
    expect(validatorOf(channel)({})).toBe(false)
  })

  test.each([
    ['telemetry', { samples: [] }],
    ['telemetry', { id: ['XYZ', 1] }],
    ['telemetry', { id: ['0a1b2c3d4e5f', 0] }],
    ['telemetry', { samples: [{ unit: 'nvr1', kind: 'toaster', parts: {} }] }],
    ['telemetry', { samples: [{ unit: 'nvr1', kind: 'ups', parts: { BAD: {} } }] }],
    ['telemetry', { samples: [{ unit: 'nvr1', kind: 'ups', parts: { '': { v: 'x' } } }] }],
    ['conditions', { active: [{ unit: 'nvr1' }] }],
    ['reported', { sections: { secrets: { version: 1 } } }],
    ['desired', { sections: { plan: { version: 1 } } }],
    ['time', { trust: 'maybe' }],
  ] as const)('refuse %s with %j, as the codec does', (channel, change) => {
    const wrong = { ...(channels[channel].example as object), ...change }
    expect(validatorOf(channel)(wrong)).toBe(false)
    expect(channels[channel].schema.safeParse(wrong).success).toBe(false)
  })
})
