/**
 * How often something may be tried. Pure token bucket per key: `burst` tries at once, one more each
 * `refillMs`. Keys nobody uses are forgotten first when there are too many.
 */
export type AttemptRule = { burst: number; refillMs: number; maxKeys: number }

type Bucket = { used: number; at: number }

export type Attempts = {
  /** Takes one try; milliseconds to wait when there is none, 0 when it may go on. */
  take: (key: string, now: number) => number
  /** Returns a try that was none: it succeeded. */
  giveBack: (key: string, now: number) => void
}

export function createAttempts(rule: AttemptRule): Attempts {
  const buckets = new Map<string, Bucket>()
  const usedAt = (key: string, now: number) => {
    const bucket = buckets.get(key)
    if (!bucket) return 0
    return Math.max(0, bucket.used - Math.max(0, now - bucket.at) / rule.refillMs)
  }
  const put = (key: string, bucket: Bucket) => {
    // Last used, last in the map: the first key is the one that was quiet longest.
    buckets.delete(key)
    const oldest = buckets.keys().next().value
    if (buckets.size >= rule.maxKeys && oldest !== undefined) buckets.delete(oldest)
    buckets.set(key, bucket)
  }
  return {
    take: (key, now) => {
      const used = usedAt(key, now)
      if (used + 1 > rule.burst) {
        return Math.max(1, Math.ceil((used + 1 - rule.burst) * rule.refillMs))
      }
      put(key, { used: used + 1, at: now })
      return 0
    },
    giveBack: (key, now) => put(key, { used: Math.max(0, usedAt(key, now) - 1), at: now }),
  }
}

/** The first four groups of an IPv6 address; `::` stands for as many zeros as are missing. */
function networkOf(address: string): string {
  const [before = '', after = ''] = address.split('::')
  const head = before.split(':').filter(Boolean)
  const tail = after.split(':').filter(Boolean)
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0')
  const groups = address.includes('::') ? [...head, ...zeros, ...tail] : head
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

/**
 * Under which key an address is counted: an IPv6 one by its /64, for every household has 2^64 of
 * them; IPv4 written as IPv6 as what it is.
 */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1]
  if (mapped) return mapped
  return address.includes(':') ? `${networkOf(address.split('%')[0] ?? '')}::/64` : address
}
