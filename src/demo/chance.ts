/** Repeatable chance: the same seed tells the same story. */
export type Chance = {
  /** In [0, 1). */
  next: () => number
  between: (from: number, to: number) => number
  pick: <T>(list: readonly T[]) => T
}

export function createChance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    between: (from, to) => from + (to - from) * next(),
    pick: (list) => {
      const one = list[Math.floor(next() * list.length)]
      if (one === undefined) throw new RangeError('there is nothing to pick from')
      return one
    },
  }
}

/** A number in [0, 1) that belongs to a text, always the same. */
export function chanceOf(text: string): number {
  let hash = 2166136261
  for (const sign of text) hash = Math.imul(hash ^ (sign.codePointAt(0) ?? 0), 16777619)
  return createChance(hash).next()
}
