import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { channelNames, channels } from '../../src/contract/wire/channels.ts'
import { decode, encode, maxPayloadBytes } from '../../src/contract/wire/codec.ts'
import { examples } from '../../src/contract/wire/examples.ts'
import { mutate, mutation } from '../support/arbitrary-wire.ts'

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value))

describe('golden examples', () => {
  test.each(channelNames)('%s survives the wire', (channel) => {
    const example = examples[channel]
    expect(decode(channel, encode(channel, example as never))).toStrictEqual({
      ok: true,
      body: example,
    })
  })

  test('there is one for each channel and none besides', () => {
    expect(Object.keys(examples).sort()).toEqual([...channelNames].sort())
    for (const channel of channelNames) expect(channels[channel].example).toBe(examples[channel])
  })

  test.each(channelNames)('%s of a newer sender is read, its new field left out', (channel) => {
    const newer = bytesOf({ ...examples[channel], addedLater: { deep: [1] } })
    expect(decode(channel, newer)).toStrictEqual({ ok: true, body: examples[channel] })
  })

  test.each(channelNames)('%s needs each of its fields that are not optional', (channel) => {
    const schema = channels[channel].schema
    for (const field of Object.keys(examples[channel])) {
      const { [field]: _, ...rest } = examples[channel] as Record<string, unknown>
      expect(decode(channel, bytesOf(rest)).ok).toBe(schema.safeParse(rest).success)
    }
    expect(decode(channel, bytesOf({})).ok).toBe(false)
  })
})

describe('bad bytes are refused with a reason', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'not JSON'],
    ['text', Buffer.from('hello'), 'not JSON'],
    ['half a body', encode('time', examples.time).subarray(0, 20), 'not JSON'],
    ['two bodies', Buffer.from('{}{}'), 'not JSON'],
    ['latin-1', Buffer.from('{"boot":"é"}', 'latin1'), 'not UTF-8'],
    ['a lone surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'not UTF-8'],
    ['null', Buffer.from('null'), 'body: '],
    ['a list', Buffer.from('[]'), 'body: '],
    ['a number', Buffer.from('7'), 'body: '],
    ['a wrong field', bytesOf({ boot: 'XYZ' }), 'boot: '],
  ])('%s', (_, bytes, reason) => {
    const result = decode('gone', bytes)
    expect(result.ok).toBe(false)
    expect(result.ok ? '' : result.reason).toContain(reason)
  })

  test('the largest payload passes, one byte more does not', () => {
    const gone = JSON.stringify(examples.gone)
    const padded = (size: number) => Buffer.from(gone.padEnd(size, ' '))
    expect(decode('gone', padded(maxPayloadBytes)).ok).toBe(true)
    expect(decode('gone', padded(maxPayloadBytes + 1))).toEqual({
      ok: false,
      reason: `larger than ${maxPayloadBytes} bytes`,
    })
  })

  test('deep nesting is refused, not overflowed', () => {
    const list = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    const command = (depth: number) =>
      Buffer.from(
        JSON.stringify({ ...examples.command, args: 'ARGS' }).replace(
          '"ARGS"',
          `{"a":${list(depth)}}`,
        ),
      )
    for (const channel of channelNames) {
      expect(decode(channel, Buffer.from(list(100_000))).ok).toBe(false)
    }
    expect(decode('command', command(60)).ok).toBe(true)
    expect(decode('command', command(50_000))).toEqual({
      ok: false,
      reason: 'body: nested deeper than 64 levels',
    })
  })
})

describe('the codec never throws', () => {
  const channel = fc.constantFrom(...channelNames)
  const soundly = (name: (typeof channelNames)[number], bytes: Uint8Array) => {
    const result = decode(name, bytes)
    if (result.ok) expect(channels[name].schema.safeParse(result.body).success).toBe(true)
    else expect(result.reason.length).toBeGreaterThan(0)
    if (!result.ok) expect(result.reason.length).toBeLessThanOrEqual(300)
  }

  test('on any bytes', () => {
    fc.assert(fc.property(channel, fc.uint8Array({ maxLength: 2000 }), soundly), { numRuns: 500 })
  })

  test('on any JSON', () => {
    const json = fc.json().map((text) => Buffer.from(text))
    fc.assert(fc.property(channel, json, soundly), { numRuns: 300 })
  })

  test('on an example with some changes', () => {
    const steps = fc.array(mutation, { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(channel, steps, (name, list) =>
        soundly(name, bytesOf(list.reduce(mutate, examples[name] as unknown))),
      ),
      { numRuns: 600 },
    )
  })
})
