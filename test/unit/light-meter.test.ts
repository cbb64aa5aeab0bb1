import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBlock, rejectImpossiblePower } from '../../agents/light/meter-decode.ts'
import { getMeterProfile, MeterProfile } from '../../agents/light/meter-profiles.ts'

const sdm630 = getMeterProfile('sdm630')

const small = {
  id: 'small',
  label: 'Small',
  functionCode: 3,
  maxCount: 40,
  blocks: [
    { start: 0, count: 8, anchor: { keys: ['phase:A/v'], min: 150, max: 300, dead: 20 } },
    { start: 100, count: 2, anchor: { keys: ['meter:1/hz'], min: 45, max: 55, dead: 1 } },
  ],
  points: [
    { key: 'phase:A/v', address: 0, type: 'u16', scale: 0.1, min: 0, max: 300 },
    { key: 'phase:A/i', address: 1, type: 'i16', scale: 0.01, viaCt: true, min: -100, max: 5000 },
    { key: 'meter:1/energy_wh', address: 2, type: 'i64', scale: 1, min: 0, max: 1e12 },
    { key: 'phase:A/p', address: 6, type: 'f32', order: 'CDAB', scale: 1000, min: 0, max: 1e6 },
    { key: 'meter:1/hz', address: 100, type: 'u32', scale: 0.01, min: 0, max: 70 },
  ],
}

describe('profiles are checked', () => {
  const [first, second] = small.blocks
  const [point] = small.points
  test.each<[string, object]>([
    ['a key that comes twice', { points: [...small.points, { ...point, address: 1 }] }],
    ['an address that comes twice', { points: [...small.points, { ...point, key: 'phase:B/v' }] }],
    ['a scale of zero', { points: [{ ...point, scale: 0 }, ...small.points.slice(1)] }],
    ['an empty range', { points: [{ ...point, min: 300 }, ...small.points.slice(1)] }],
    [
      'a point outside the blocks',
      { points: [...small.points, { ...point, key: 'phase:B/v', address: 50 }] },
    ],
    [
      'a point that leaves its block',
      { points: [...small.points, { ...point, key: 'phase:B/v', type: 'f32', address: 7 }] },
    ],
    ['blocks of equal length', { blocks: [first, { ...second, count: 8 }] }],
    ['blocks that overlap', { blocks: [first, second, { ...second, start: 7, count: 3 }] }],
    ['a block longer than the meter gives', { maxCount: 7 }],
    [
      'an anchor that is not read',
      { blocks: [first, { ...second, anchor: { ...second?.anchor, keys: ['phase:A/v'] } }] },
    ],
    ['a field nobody knows', { baud: 9600 }],
  ])('%s', (_, change) => {
    expect(MeterProfile.safeParse(small).error).toBeUndefined()
    expect(MeterProfile.safeParse({ ...small, ...change }).success).toBe(false)
  })

  test('an unknown one is refused with the known ones', () => {
    expect(() => getMeterProfile('sdm9')).toThrow('no meter profile "sdm9"; known: sdm630')
  })

  test('the SDM630 is read in two answers within its limit of 40 values', () => {
    expect(sdm630.blocks.map(({ start, count }) => [start, count])).toEqual([
      [0, 36],
      [0x34, 24],
    ])
    const addressOf = (key: string) => sdm630.points.find((one) => one.key === key)?.address
    expect(['phase:A/v', 'phase:C/i', 'phase:B/p', 'phase:C/pf'].map(addressOf)).toEqual([
      0x00, 0x0a, 0x0e, 0x22,
    ])
    expect(['meter:1/p', 'meter:1/hz', 'meter:1/energy_wh'].map(addressOf)).toEqual([
      0x34, 0x46, 0x48,
    ])
  })
})

describe('decoding', () => {
  const profile = MeterProfile.parse(small)
  const [main, frequency] = profile.blocks as [
    (typeof profile.blocks)[0],
    (typeof profile.blocks)[0],
  ]
  const answer = (volts: number) => {
    const bytes = Buffer.alloc(16)
    bytes.writeUInt16BE(volts * 10, 0)
    bytes.writeInt16BE(-250, 2)
    bytes.writeBigInt64BE(123_456_789_012n, 4)
    const float = Buffer.alloc(4)
    float.writeFloatBE(1.5, 0)
    float.copy(bytes, 12, 2, 4)
    float.copy(bytes, 14, 0, 2)
    return bytes
  }

  test('types, scales, word order and current transformers', () => {
    expect(decodeBlock(profile, main, { answer: answer(220), ctRatio: 20 })?.values).toEqual({
      'phase:A/v': 220,
      'phase:A/i': -50,
      'meter:1/energy_wh': 123_456_789_012,
      'phase:A/p': 1500,
    })
    const hz = Buffer.from([0, 0, 0x13, 0x88])
    expect(decodeBlock(profile, frequency, { answer: hz, ctRatio: 1 })?.values).toEqual({
      'meter:1/hz': 50,
    })
  })

  test.each([
    [220, true],
    [149, false],
    [301, false],
    [60, false],
    [3, true],
    [0, true],
  ])('an anchor of %i V is believed: %s', (volts, believed) => {
    const decoded = decodeBlock(profile, main, { answer: answer(volts), ctRatio: 1 })
    expect(decoded !== undefined).toBe(believed)
  })

  test('one lost phase is believed, all three at nonsense are not', () => {
    const [block] = sdm630.blocks as [(typeof sdm630.blocks)[0]]
    const volts = (...phases: number[]) => {
      const bytes = Buffer.alloc(block.count * 2)
      for (const [index, v] of phases.entries()) bytes.writeFloatBE(v, index * 4)
      return decodeBlock(sdm630, block, { answer: bytes, ctRatio: 1 })
    }
    expect(volts(0, 224, 225)?.values['phase:A/v']).toBe(0)
    expect(volts(0, 0, 0)).toBeDefined()
    expect(volts(60, 60, 60)).toBeUndefined()
    expect(volts(Number.NaN, Number.NaN, Number.NaN)).toBeUndefined()
    expect(volts(Number.NaN, 224, 225)).toMatchObject({
      values: { 'phase:A/v': null, 'phase:B/v': 224 },
      reasons: { 'phase:A/v': 'implausible' },
    })
  })

  test('any bytes give numbers in range, null with a reason, or nothing', () => {
    const [block] = sdm630.blocks as [(typeof sdm630.blocks)[0]]
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 72, maxLength: 72 }), (bytes) => {
        const decoded = decodeBlock(sdm630, block, { answer: Buffer.from(bytes), ctRatio: 1 })
        for (const [key, value] of Object.entries(decoded?.values ?? {})) {
          if (value === null) expect(decoded?.reasons[key]).toBe('implausible')
          else expect(Number.isFinite(value)).toBe(true)
        }
      }),
    )
  })

  test.each([
    [1000, 1000],
    [-1000, -1000],
    [1300, null],
    [-1300, null],
    [5, 5],
  ])('%i W at 220 V and 4.6 A becomes %s', (watts, expected) => {
    const decoded = {
      values: { 'phase:A/v': 220, 'phase:A/i': watts === 5 ? 0 : 4.6, 'phase:A/p': watts },
      reasons: {},
    }
    rejectImpossiblePower(decoded)
    expect(decoded.values['phase:A/p']).toBe(expected)
  })
})
