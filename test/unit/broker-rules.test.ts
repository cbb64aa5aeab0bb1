import fc from 'fast-check'
import { generate } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { endingOf } from '../../broker/endings.ts'
import { isMidFrame, newFrameState, scanFrames } from '../../broker/frames.ts'
import { connectRefusal } from '../../broker/identity.ts'
import { createNotes } from '../../broker/notes.ts'
import { createPending } from '../../broker/pending.ts'
import { nextMessageId } from '../../broker/sends.ts'
import { createTurns } from '../../broker/turns.ts'
import { createManualClock, minutes } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { connectPacket, publishPacket } from '../support/raw-mqtt.ts'

const limits = { maxConnectBytes: 200, maxPacketBytes: 1000 }

/** Cuts bytes into chunks at the given places. */
const cut = (bytes: Buffer, places: number[]): Buffer[] => {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...at, bytes.length].map((end, n) => bytes.subarray(n === 0 ? 0 : at[n - 1], end))
}

describe('the frame scan', () => {
  test('passes whole streams of allowed packets wherever they are cut', () => {
    const sizes = fc.array(fc.nat(900), { maxLength: 20 })
    const property = fc.property(
      sizes,
      fc.array(fc.nat(20_000), { maxLength: 60 }),
      (all, places) => {
        const packets = all.map((size) =>
          generate(publishPacket('a/b', { payload: Buffer.alloc(size) })),
        )
        const bytes = Buffer.concat([generate(connectPacket({ clientId: 'agent-1' })), ...packets])
        const state = newFrameState()
        for (const chunk of cut(bytes, places))
          expect(scanFrames(state, chunk, limits)).toBeUndefined()
        expect(state.frames).toBe(all.length + 1)
        expect(isMidFrame(state)).toBe(false)
        expect(scanFrames(state, bytes.subarray(0, 1), limits)).toBeUndefined()
        expect(isMidFrame(state)).toBe(true)
      },
    )
    fc.assert(property)
  })

  test('finds the first packet that is too large, wherever the stream is cut', () => {
    const property = fc.property(fc.array(fc.nat(4000), { maxLength: 30 }), (places) => {
      const good = generate(publishPacket('a/b', { payload: Buffer.alloc(900) }))
      const bad = generate(publishPacket('a/b', { payload: Buffer.alloc(1001) }))
      const bytes = Buffer.concat([generate(connectPacket({ clientId: 'agent-1' })), good, bad])
      const state = newFrameState()
      const faults = cut(bytes, places).map((chunk) => scanFrames(state, chunk, limits))
      expect(faults.find((fault) => fault !== undefined)).toBe('frame-too-large')
    })
    fc.assert(property)
  })

  test.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1'), 'not-mqtt'],
    ['a TLS handshake', Buffer.from([0x16, 3, 1]), 'not-mqtt'],
    ['a PUBLISH', Buffer.from([0x30, 2]), 'not-mqtt'],
    ['a CONNECT at the limit', Buffer.from([0x10, 0xc8, 0x01]), undefined],
    ['a CONNECT above it', Buffer.from([0x10, 0xc9, 0x01]), 'frame-too-large'],
    ['a fifth length byte', Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80]), 'bad-length'],
    ['zeros in four length bytes', Buffer.from([0x10, 0x80, 0x80, 0x80, 0x00]), undefined],
  ])('judges %s by its first bytes', (_name, bytes, fault) => {
    expect(scanFrames(newFrameState(), bytes, limits)).toBe(fault)
  })
})

describe('pending acknowledgements', () => {
  test('are released in arrival order, each once, whatever order they settle in', () => {
    const orders = fc.array(fc.nat(1000), { minLength: 1, maxLength: 60 })
    const property = fc.property(orders, fc.nat(60), (order, failing) => {
      const released: [number, boolean][] = []
      const pending = createPending({ limit: 1000, onFull: () => {}, onFree: () => {} })
      const settles = order.map((_, n) => pending.add((error) => released.push([n, !error])))
      const shuffled = order.map((weight, n) => ({ weight, n })).sort((a, b) => a.weight - b.weight)
      for (const { n } of shuffled) {
        settles[n]?.(n === failing ? new Error('disk full') : undefined)
        settles[n]?.()
      }
      const expected = order.map((_, n): [number, boolean] => [n, n !== failing])
      expect(released).toEqual(expected.slice(0, failing < order.length ? failing + 1 : undefined))
      expect(pending.size()).toBe(0)
    })
    fc.assert(property)
  })

  test('say when they are full and when half of them are gone', () => {
    const said: string[] = []
    const pending = createPending({
      limit: 4,
      onFull: () => said.push('full'),
      onFree: () => said.push('free'),
    })
    const settles = [1, 2, 3, 4, 5].map(() => pending.add(() => {}))
    expect(said).toEqual(['full'])
    for (const settle of settles.slice(0, 2)) settle()
    expect(said).toEqual(['full'])
    settles[2]?.()
    expect(said).toEqual(['full', 'free'])
    pending.drop()
    settles[3]?.()
    expect(pending.size()).toBe(0)
  })

  test('settle at once while they are added', () => {
    let released = 0
    const pending = createPending({ limit: 1, onFull: () => {}, onFree: () => {} })
    for (let n = 0; n < 5; n += 1)
      pending.add(() => {
        released += 1
      })()
    expect(released).toBe(5)
  })
})

test.each([
  [{ clientId: 'agent-1' }, undefined],
  [{ clientId: 'agent-1', username: 'agent-1' }, undefined],
  [{ clientId: 'Agent-1' }, 2],
  [{ clientId: 'ag' }, 2],
  [{ clientId: 'agent_1' }, 2],
  [{ clientId: 'agent-1\n' }, 2],
  [{ clientId: 'agent-1', username: '' }, 4],
  [{ clientId: 'agent-1', clean: false }, 5],
  [{ clientId: 'agent-1', will: { topic: 'ansang/1/agent-1/gone', qos: 1 } }, undefined],
  [{ clientId: 'agent-1', will: { topic: 'ansang/1/agent-1/telemetry', qos: 1 } }, 5],
  [{ clientId: 'agent-1', will: { topic: 'ansang/1/agent-1/gone', qos: 2 } }, 5],
])('CONNECT %j is judged %s', (facts, returnCode) => {
  expect(connectRefusal({ username: undefined, clean: true, ...facts })?.returnCode).toBe(
    returnCode,
  )
})

test.each([
  [Object.assign(new Error('x'), { errorCode: 1 }), 'connection-refused'],
  [new Error('connect did not arrive in time'), 'connect-timeout'],
  [new Error('keep alive timeout'), 'keepalive-timeout'],
  [Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), 'connection-lost'],
  [
    Object.assign(new Error('max'), { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' }),
    'frame-too-large',
  ],
  [new Error('Invalid header flag bits'), 'malformed-packet'],
])('the end by %s counts as %s', (error, what) => {
  expect(endingOf(error).what).toBe(what)
})

test('packet ids go round and pass over those in flight', () => {
  expect(nextMessageId(0, new Set())).toBe(1)
  expect(nextMessageId(65_535, new Set())).toBe(1)
  expect(nextMessageId(65_534, new Set([65_535, 1, 2]))).toBe(3)
})

test('turns of one key are taken one by one, also after one that failed', async () => {
  const inTurn = createTurns()
  const said: string[] = []
  const task = (name: string) => async () => {
    said.push(`${name} in`)
    await Promise.resolve()
    if (name === 'a') throw new Error('failed')
    said.push(`${name} out`)
  }
  const turns = [inTurn('k', task('a')), inTurn('k', task('b')), inTurn('other', task('c'))]
  await Promise.allSettled(turns)
  expect(said.indexOf('b in')).toBeGreaterThan(said.indexOf('a in'))
  expect(said.filter((line) => line.startsWith('b'))).toEqual(['b in', 'b out'])
  expect(said).toContain('c out')
})

test('the log hears the first of a kind, then one each ten minutes, in bounded memory', () => {
  const levels: number[] = []
  let counted = 0
  const clock = createManualClock(0)
  const log = createLog({
    level: 'debug',
    to: { write: (line) => levels.push(JSON.parse(line).level) },
  })
  const note = createNotes({
    clock,
    log,
    count: () => {
      counted += 1
    },
  })
  const link = { remoteAddress: '10.0.0.1', noted: false }
  const say = (claims?: string) =>
    note('publish-refused', { ...link, ...(claims ? { claims } : {}) }, { reason: 'no such topic' })
  say('agent-1')
  say('agent-1')
  say('agent-2')
  clock.advance(minutes(10))
  say('agent-1')
  expect(levels).toEqual([40, 20, 40, 40])
  for (let n = 0; n < 3000; n += 1) say(`agent-${n + 10}`)
  say('agent-2')
  expect(levels.at(-1)).toBe(40)
  expect(counted).toBe(3005)
})
