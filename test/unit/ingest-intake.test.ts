import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encode } from '../../src/contract/wire/codec.ts'
import { type Known, sift } from '../../src/ingest/intake.ts'
import { createOpener, type Opened, open } from '../../src/ingest/messages.ts'

const opened = (agentId: string, id: [string, number] | undefined, receivedAt = 1): Opened => ({
  entry: {
    agentId,
    channel: 'telemetry',
    payload: Buffer.alloc(0),
    receivedAt,
    position: 0,
    next: 1,
  },
  id,
  read: { nothing: true },
})
const epochs = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb', '123456789012']
const nameOf = (one: Opened) => `${one.entry.agentId}/${one.id?.join('/')}`

const records = fc.array(
  fc.record({
    agentId: fc.constantFrom('agent-a', 'agent-b', 'agent-c'),
    epoch: fc.constantFrom(...epochs),
    n: fc.integer({ min: 1, max: 12 }),
    hub: fc.constantFrom(0, 1),
    receivedAt: fc.nat(1000),
  }),
  { maxLength: 80 },
)

describe('effectively once', () => {
  it('counts each record a single time, in any order, over two hubs that crash between read and commit', () => {
    fc.assert(
      fc.property(
        records,
        fc.array(fc.record({ hub: fc.constantFrom(0, 1), size: fc.nat(9), crash: fc.boolean() }), {
          maxLength: 60,
        }),
        (all, turns) => {
          const journals = [0, 1].map((hub) =>
            all
              .filter((one) => one.hub === hub)
              .map(({ agentId, epoch, n, receivedAt }) => opened(agentId, [epoch, n], receivedAt)),
          )
          const cursors = [0, 0]
          let known: ReadonlyMap<string, Known> = new Map()
          const applied: string[] = []
          const turn = (hub: number, size: number, crash: boolean) => {
            const from = cursors[hub] ?? 0
            const batch = (journals[hub] ?? []).slice(from, from + size)
            const { fresh, after } = sift(known, batch)
            if (crash) return
            known = new Map([...known, ...after])
            cursors[hub] = from + batch.length
            applied.push(...fresh.map(nameOf))
          }
          for (const { hub, size, crash } of turns) turn(hub, size, crash)
          for (const hub of [0, 1]) turn(hub, 1000, false)
          const model = new Set(journals.flat().map(nameOf))
          expect(applied.toSorted()).toEqual([...model].toSorted())
          for (const [agentId, { seenAt }] of known) {
            const mine = all.filter((one) => one.agentId === agentId)
            expect(seenAt).toBe(Math.max(...mine.map((one) => one.receivedAt)))
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('does not change what it was given', () => {
    const before = new Map([
      ['agent-a', { epochs: { aaaaaaaaaaaa: [[1, 1]] as never }, seenAt: 5 }],
    ])
    const copy = structuredClone(before)
    sift(before, [opened('agent-a', ['aaaaaaaaaaaa', 2], 9)])
    expect(before).toEqual(copy)
  })

  it('takes what has no id as new each time, and forgets the oldest outbox of many', () => {
    expect(
      sift(new Map(), [opened('agent-a', undefined), opened('agent-a', undefined)]).fresh,
    ).toHaveLength(2)
    const many = Array.from({ length: 51 }, (_, i) =>
      opened('agent-a', [i.toString(16).padStart(12, 'f'), 1]),
    )
    const { after } = sift(new Map(), many)
    const names = Object.keys(after.get('agent-a')?.epochs ?? {})
    expect(names).toHaveLength(50)
    expect(names).not.toContain('fffffffffff0')
    expect(sift(after, many.slice(1)).fresh).toEqual([])
  })
})

describe('opening an entry', () => {
  const now = Date.parse('2026-11-24T18:00:00Z')
  const entry = (channel: string, payload: Buffer) =>
    ({ agentId: 'agent-a', channel, payload, receivedAt: now, position: 0, next: 1 }) as never
  const reported = (reason: string) => ({
    id: ['0a1b2c3d4e5f', 7] as [string, number],
    lane: 'live' as const,
    boot: '00c0ffee',
    mono: 1,
    at: new Date(now).toISOString(),
    trust: 'trusted' as const,
    sections: {
      plan: { version: 1, hash: 'a'.repeat(64), state: 'refused' as const, reason },
    },
  })
  const reasonOf = (payload: Buffer, channel = 'reported') => {
    const { read, id } = open(entry(channel, payload))
    return 'rejection' in read ? [read.rejection.kind, read.rejection.reason, id?.[1]] : 'message'
  }

  it('knows a text that a database cannot keep from one that only looks like it', () => {
    const bad = ['rejected', 'a text in it holds NUL or half a character', 7]
    expect(reasonOf(encode('reported', reported('a\0b')))).toEqual(bad)
    expect(reasonOf(encode('reported', reported('\ud800')))).toEqual(bad)
    expect(reasonOf(encode('reported', reported('\\u0000 and \\ud800')))).toBe('message')
    expect(reasonOf(encode('reported', reported('😀 Đèn\n')))).toBe('message')
  })

  it('keeps what does not decode, with the reason; counts the id of what it puts aside', () => {
    expect(reasonOf(Buffer.from('{'))).toEqual(['rejected', 'not JSON', undefined])
    expect(reasonOf(Buffer.from([0xff, 0xfe]))).toEqual(['rejected', 'not UTF-8', undefined])
    const future = { ...reported('x'), at: '2036-01-01T00:00:00Z' }
    expect(reasonOf(encode('reported', future))).toEqual([
      'quarantine',
      'dated 2036-01-01T00:00:00.000Z, in the future',
      7,
    ])
    expect(open(entry('gone', Buffer.from('whatever'))).read).toEqual({ nothing: true })
  })

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('birth', 'telemetry', 'conditions', 'reported', 'reply', 'gone'),
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (channel, payload) => open(entry(channel, payload)) !== undefined,
      ),
    )
  })
})

describe('opening once for two readers', () => {
  const at = (position: number, text: string, channel = 'telemetry') =>
    ({
      agentId: 'a',
      channel,
      payload: Buffer.from(text),
      receivedAt: 1,
      position,
      next: 9,
    }) as never

  it('gives the second reader what the first one opened, once', () => {
    const openOnce = createOpener()
    const first = openOnce(at(0, 'x'))
    expect(openOnce(at(0, 'x'))).toBe(first)
    expect(openOnce(at(0, 'x'))).not.toBe(first)
  })

  it('never gives the content of another record', () => {
    const openOnce = createOpener()
    const first = openOnce(at(0, 'x'))
    expect(openOnce(at(0, 'y'))).not.toBe(first)
    expect(openOnce(at(1, 'x'))).not.toBe(first)
  })

  it('keeps no more bytes than it may, and nothing that one reader alone wants', () => {
    const openOnce = createOpener(10)
    const [old, young] = [openOnce(at(0, '123456')), openOnce(at(7, '123456'))]
    expect(openOnce(at(7, '123456'))).toBe(young)
    expect(openOnce(at(0, '123456'))).not.toBe(old)
    const set = openOnce(at(20, 'x', 'conditions'))
    expect(openOnce(at(20, 'x', 'conditions'))).not.toBe(set)
  })
})
