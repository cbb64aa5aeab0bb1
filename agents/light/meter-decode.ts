import { type Block, type MeterProfile, type Point, pointsIn } from './meter-profiles.ts'

/** Values by telemetry name; null = the meter said something that cannot be. */
export type Decoded = { values: Record<string, number | null>; reasons: Record<string, string> }

function raw({ type, order }: Point, bytes: Buffer): number {
  if (type === 'u16') return bytes.readUInt16BE(0)
  if (type === 'i16') return bytes.readInt16BE(0)
  const words = order === 'ABCD' ? bytes : Buffer.from(bytes).swap16().reverse()
  if (type === 'u32') return words.readUInt32BE(0)
  if (type === 'f32') return words.readFloatBE(0)
  return Number(words.readBigInt64BE(0))
}

const read = (point: Point, block: Block, answer: Buffer, ctRatio: number): number => {
  const bytes = answer.subarray((point.address - block.start) * 2)
  const size = point.type === 'i64' ? 8 : point.type === 'u16' || point.type === 'i16' ? 2 : 4
  return raw(point, bytes.subarray(0, size)) * point.scale * (point.viaCt ? ctRatio : 1)
}

const holds = ({ anchor }: Block, values: Record<string, number | null>): boolean => {
  const seen = anchor.keys.map((key) => values[key] ?? Number.NaN)
  return (
    seen.some((value) => value >= anchor.min && value <= anchor.max) ||
    seen.every((value) => Math.abs(value) <= anchor.dead)
  )
}

/**
 * One answer to values. `undefined` when its anchor does not hold: then none of it is believed,
 * because a shifted or foreign answer gives plausible single values. Values outside their range
 * (NaN included) become null with a reason.
 */
export function decodeBlock(
  profile: MeterProfile,
  block: Block,
  { answer, ctRatio }: { answer: Buffer; ctRatio: number },
): Decoded | undefined {
  const decoded: Decoded = { values: {}, reasons: {} }
  for (const point of pointsIn(profile.points, block)) {
    const value = read(point, block, answer, ctRatio)
    const ok = value >= point.min && value <= point.max
    decoded.values[point.key] = ok ? value : null
    if (!ok) decoded.reasons[point.key] = 'implausible'
  }
  return holds(block, decoded.values) ? decoded : undefined
}

/** More power than voltage and current allow cannot be; 20 % and 5 W are left for rounding. */
export function rejectImpossiblePower({ values, reasons }: Decoded): void {
  for (const phase of ['phase:A', 'phase:B', 'phase:C']) {
    const [v, i, p] = ['v', 'i', 'p'].map((name) => values[`${phase}/${name}`])
    if (v == null || i == null || p == null || Math.abs(p) <= 1.2 * v * i + 5) continue
    values[`${phase}/p`] = null
    reasons[`${phase}/p`] = 'implausible'
  }
}
