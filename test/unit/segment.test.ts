import {
  array,
  assert as check,
  constantFrom,
  integer,
  record as object,
  property,
  uint8Array,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  baseOfName,
  decodeFrames,
  findFrame,
  frameRefusal,
  frameSize,
  type JournalRecord,
  largestPayload,
  readFrame,
  scanSegment,
  seedOf,
  segmentName,
  smallestFrame,
  writeFrame,
} from '../../src/ingest/segment.ts'

const seed = seedOf('3f0c5b0e-0000-4000-8000-000000000001')

const frames = (records: JournalRecord[], withSeed = seed): Buffer => {
  const bytes = Buffer.alloc(records.reduce((sum, one) => sum + frameSize(one), 0))
  let at = 0
  for (const record of records) at = writeFrame(bytes, at, { record, seed: withSeed })
  expect(at).toBe(bytes.length)
  return bytes
}

const one = (text: string, agentId = 'agent-001'): JournalRecord => ({
  agentId,
  channel: 'conditions',
  payload: Buffer.from(text),
  receivedAt: 1_760_000_000_123,
})

const anyRecord = object({
  agentId: constantFrom('abc', 'a'.repeat(48), 'tram-01'),
  channel: constantFrom('birth', 'telemetry', 'conditions', 'reported', 'reply', 'gone'),
  payload: uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  receivedAt: integer({ min: 0, max: 2 ** 52 }),
}) as unknown as import('fast-check').Arbitrary<JournalRecord>

describe('a segment', () => {
  test('gives back what was put in, whatever the allowance', async () => {
    await check(
      property(array(anyRecord), integer({ min: 1, max: 2000 }), (records, maxBytes) => {
        const bytes = frames(records)
        const read: JournalRecord[] = []
        let from = 1000
        while (from < 1000 + bytes.length) {
          const part = decodeFrames(bytes, { base: 1000, from, maxBytes, seed })
          expect(part.stop).toBe('end')
          expect(part.entries.length).toBeGreaterThan(0)
          if (part.entries.length > 1) expect(part.next - from).toBeLessThanOrEqual(maxBytes)
          for (const { position, next, ...record } of part.entries) {
            expect(next - position).toBe(frameSize(record))
            read.push({ ...record, payload: Buffer.from(record.payload) })
          }
          from = part.next
        }
        expect(read).toEqual(records)
      }),
    )
  })

  test('is cut at every byte to the whole records before the cut', () => {
    const records = [one('first'), one(''), one('the third one')]
    const bytes = frames(records)
    const ends = records.map((_, i) => frames(records.slice(0, i + 1)).length)
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const scan = scanSegment(bytes.subarray(0, cut), seed)
      expect(scan).toEqual({
        intact: ends.findLast((end) => end <= cut) ?? 0,
        recordsBehind: false,
      })
    }
  })

  test('notices every flipped bit and keeps all other records', () => {
    const records = [one('first'), one('second'), one('third')]
    const bytes = frames(records)
    const middle = frames(records.slice(0, 1)).length
    const third = frames(records.slice(0, 2)).length
    for (let at = middle; at < third; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const broken = Buffer.from(bytes)
        broken[at] = (broken[at] ?? 0) ^ (1 << bit)
        expect(scanSegment(broken, seed)).toEqual({ intact: middle, recordsBehind: true })
        expect(findFrame(broken, middle + 1, seed)).toBe(third)
      }
    }
  })

  test.each([
    ['zeros', Buffer.alloc(200)],
    ['noise', Buffer.from('ANSJ'.repeat(50))],
    ['frames of another journal', frames([one('theirs'), one('too')], seedOf('another'))],
  ])('takes %s for no record', (_, bytes) => {
    expect(scanSegment(bytes, seed)).toEqual({ intact: 0, recordsBehind: false })
  })

  test('does not take a frame hidden in a payload by who does not know the seed', () => {
    const hidden = frames([one('forged', 'another-agent')], seedOf('guess'))
    const bytes = frames([{ ...one(''), payload: hidden }, one('next')])
    const broken = Buffer.from(bytes)
    broken[smallestFrame] = (broken[smallestFrame] ?? 0) ^ 1
    expect(findFrame(broken, 1, seed)).toBe(frames([{ ...one(''), payload: hidden }]).length)
  })

  test('never believes a length that cannot be', () => {
    const bytes = frames([one('x')])
    for (const length of [0, 9, largestPayload * 2, 0xffff_ffff]) {
      const broken = Buffer.from(bytes)
      broken.writeUInt32BE(length, 8)
      expect(readFrame(broken, 0, seed)).toEqual({ kind: 'damaged' })
    }
  })

  test('says how much more it needs', () => {
    const bytes = frames([one('x')])
    expect(readFrame(bytes.subarray(0, 5), 0, seed)).toEqual({ kind: 'short', need: 12 })
    expect(readFrame(bytes.subarray(0, 13), 0, seed)).toEqual({ kind: 'short', need: bytes.length })
  })

  test('refuses what it could not read again', () => {
    expect(frameRefusal(one('fine'))).toBeUndefined()
    expect(frameRefusal({ ...one(''), payload: Buffer.alloc(largestPayload + 1) })).toMatch(/large/)
    expect(frameRefusal(one('', 'a'.repeat(256)))).toMatch(/long/)
  })

  test('names its file so that names sort by position', () => {
    const bases = [0, 9, 10, 65_536, Number.MAX_SAFE_INTEGER]
    const names = bases.map(segmentName)
    expect([...names].sort()).toEqual(names)
    expect(names.map(baseOfName)).toEqual(bases)
    expect(['journal.json', '12.segment', 'x'.repeat(16), '12.torn'].map(baseOfName)).toEqual(
      Array(4).fill(undefined),
    )
  })
})
