import { z } from 'zod'

/**
 * Meter profiles are data: where a meter keeps what, and what a believable value is. A new meter is
 * a new profile here and no new code. Addresses are PDU addresses, counted from zero.
 */

const registers = { f32: 2, i64: 4, u32: 2, u16: 1, i16: 1 } as const

const Point = z
  .strictObject({
    /** As telemetry names it: `phase:A/v`. */
    key: z.string().regex(/^(phase:[ABC]|meter:1)\/[a-z_]+$/),
    address: z.int().min(0).max(65_535),
    type: z.enum(['f32', 'i64', 'u32', 'u16', 'i16']),
    /** Word order: `ABCD` has the high word first. */
    order: z.enum(['ABCD', 'CDAB']).default('ABCD'),
    /** To the unit of telemetry: V, A, W, Wh, Hz. */
    scale: z.number().refine((n) => n !== 0, 'a scale of 0 hides everything'),
    /** Grows with the ratio of the current transformers. */
    viaCt: z.boolean().default(false),
    min: z.number(),
    max: z.number(),
  })
  .refine(({ min, max }) => max > min, 'max must be above min')
export type Point = z.infer<typeof Point>

const Block = z.strictObject({
  start: z.int().min(0).max(65_535),
  count: z.int().min(1).max(125),
  /**
   * Values that prove the answer belongs to this block: at least one of them lies in its range, or
   * all of them say that there are no mains.
   */
  anchor: z.strictObject({
    keys: z.array(z.string()).min(1),
    min: z.number(),
    max: z.number(),
    /** At most this is "no mains". */
    dead: z.number().nonnegative(),
  }),
})
export type Block = z.infer<typeof Block>

export const pointsIn = (points: readonly Point[], { start, count }: Block): Point[] =>
  points.filter(
    ({ address, type }) => address >= start && address + registers[type] <= start + count,
  )

const isUnique = (values: readonly unknown[]): boolean => new Set(values).size === values.length

/**
 * Two blocks of one meter never have the same length: on a serial line a late answer to the one
 * could else be taken for the other.
 */
export const MeterProfile = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]+$/),
    label: z.string(),
    functionCode: z.union([z.literal(3), z.literal(4)]),
    /** The most registers the meter gives in one answer. */
    maxCount: z.int().min(1).max(125),
    blocks: z.array(Block).min(1),
    points: z.array(Point).min(1),
  })
  .refine(({ points }) => isUnique(points.map(({ key }) => key)), 'a key comes twice')
  .refine(({ points }) => isUnique(points.map(({ address }) => address)), 'an address comes twice')
  .refine(({ blocks }) => isUnique(blocks.map(({ count }) => count)), 'blocks of equal length')
  .refine(
    ({ blocks, maxCount }) => blocks.every(({ count }) => count <= maxCount),
    'a block is longer than the meter allows',
  )
  .refine(
    ({ blocks }) =>
      blocks
        .toSorted((a, b) => a.start - b.start)
        .every((one, index, all) => one.start + one.count <= (all[index + 1]?.start ?? 65_536)),
    'blocks overlap',
  )
  .refine(
    ({ blocks, points }) =>
      points.every((one) => blocks.some((block) => pointsIn([one], block).length === 1)),
    'a point lies in no block',
  )
  .refine(
    ({ blocks, points }) =>
      blocks.every((block) => {
        const keys = pointsIn(points, block).map(({ key }) => key)
        return block.anchor.keys.every((key) => keys.includes(key))
      }),
    'an anchor is not read in its block',
  )
export type MeterProfile = z.infer<typeof MeterProfile>

type Range = { min: number; max: number; scale?: number; viaCt?: boolean }

const float = (key: string, address: number, { scale = 1, ...range }: Range) => ({
  key,
  address,
  type: 'f32' as const,
  scale,
  ...range,
})
const floats = (name: string, first: number, range: Range) =>
  ['A', 'B', 'C'].map((phase, index) => float(`phase:${phase}/${name}`, first + 2 * index, range))

const power: Range = { min: -500_000, max: 500_000, viaCt: true }
const apparent: Range = { min: 0, max: 500_000, viaCt: true }
const energy: Range = { min: 0, max: 1e12, scale: 1000, viaCt: true }

/** Eastron SDM630: input registers, float32, high word first, at most 40 values in one answer. */
const sdm630 = {
  id: 'sdm630',
  label: 'Eastron SDM630',
  functionCode: 4 as const,
  maxCount: 80,
  blocks: [
    {
      start: 0x00,
      count: 36,
      anchor: { keys: ['phase:A/v', 'phase:B/v', 'phase:C/v'], min: 150, max: 300, dead: 20 },
    },
    { start: 0x34, count: 24, anchor: { keys: ['meter:1/hz'], min: 45, max: 55, dead: 1 } },
  ],
  points: [
    ...floats('v', 0x00, { min: 0, max: 300 }),
    ...floats('i', 0x06, { min: 0, max: 1000, viaCt: true }),
    ...floats('p', 0x0c, power),
    ...floats('va', 0x12, apparent),
    ...floats('var', 0x18, power),
    ...floats('pf', 0x1e, { min: -1, max: 1 }),
    float('meter:1/p', 0x34, power),
    float('meter:1/va', 0x38, apparent),
    float('meter:1/var', 0x3c, power),
    float('meter:1/pf', 0x3e, { min: -1, max: 1 }),
    float('meter:1/hz', 0x46, { min: 0, max: 70 }),
    float('meter:1/energy_wh', 0x48, energy),
    float('meter:1/export_wh', 0x4a, energy),
  ],
}

const profiles = new Map([sdm630].map((one) => [one.id, MeterProfile.parse(one)]))

/**
 * The profile of this id.
 *
 * @throws Error naming the known ones
 */
export function getMeterProfile(id: string): MeterProfile {
  const profile = profiles.get(id)
  if (!profile) {
    throw new Error(`no meter profile "${id}"; known: ${[...profiles.keys()].join(', ')}`)
  }
  return profile
}
