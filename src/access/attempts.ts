/**
 * How often sign-in may be tried. Pure token bucket per key: `burst` tries at once, one more each
 * `refillMs`; a success forgives the key.
 */
export type AttemptRule = { burst: number; refillMs: number; maxKeys: number }

type Bucket = { used: number; at: number }

export type Attempts = {
  /** Takes one try; milliseconds to wait when there is none, 0 when it may go on. */
  take: (key: string, now: number) => number
  forgive: (key: string) => void
}

export function createAttempts(rule: AttemptRule): Attempts {
  const buckets = new Map<string, Bucket>()
  const usedAt = (bucket: Bucket, now: number) =>
    Math.max(0, bucket.used - Math.max(0, now - bucket.at) / rule.refillMs)
  const makeRoom = (now: number) => {
    if (buckets.size < rule.maxKeys) return
    for (const [key, bucket] of buckets) if (usedAt(bucket, now) === 0) buckets.delete(key)
    const oldest = buckets.keys().next().value
    if (buckets.size >= rule.maxKeys && oldest !== undefined) buckets.delete(oldest)
  }
  return {
    take: (key, now) => {
      const used = usedAt(buckets.get(key) ?? { used: 0, at: now }, now)
      if (used + 1 > rule.burst) {
        return Math.max(1, Math.ceil((used + 1 - rule.burst) * rule.refillMs))
      }
      makeRoom(now)
      buckets.set(key, { used: used + 1, at: now })
      return 0
    },
    forgive: (key) => {
      buckets.delete(key)
    },
  }
}
