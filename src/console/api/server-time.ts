/**
 * The hub's time, for ages: office computers run minutes wrong. Small differences are the
 * network's, and are left alone.
 */
const tolerateMs = 20_000
let aheadMs = 0

/** Learns from the Date header of an answer. */
export function noteServerTime(header: string | null): void {
  const at = header === null ? Number.NaN : Date.parse(header)
  if (Number.isNaN(at)) return
  const difference = at - Date.now()
  aheadMs = Math.abs(difference) < tolerateMs ? 0 : difference
}

export const serverNow = (): number => Date.now() + aheadMs
