import type { z } from 'zod'
import type { Conditions } from '../../src/contract/wire/messages.ts'
import { isFaultCode } from '../../src/faults/catalogue.ts'
import { type Judged, type JudgeMemory, judge, type Verdict } from '../../src/faults/judge.ts'
import { moved } from './rebase.ts'

/** What the agent knows about the faults of one unit. */
export type UnitJudgement = {
  judged: Judged
  /** Believed wall time of the last poll that answered at all; absent before the first. */
  lookedAt?: number
}

/** A unit counts as not judged when its polls gave nothing for this many periods. */
const stalePeriods = 3
const staleAtLeastMs = 180_000

type Body = Pick<z.infer<typeof Conditions>, 'active' | 'unknown'>

/** Memory as it was kept; codes that this version does not know are left behind. */
export const knownMemory = (memory: JudgeMemory): JudgeMemory =>
  Object.fromEntries(
    Object.entries(memory).filter(([key]) => isFaultCode(key.slice(key.lastIndexOf('|') + 1))),
  )

/** Takes up a unit from its kept memory: everything as it was, nothing looked at. */
export const resume = (memory: JudgeMemory, now: number): UnitJudgement => ({
  judged: judge(knownMemory(memory), [], now),
})

export const look = (before: UnitJudgement, verdicts: Verdict[], now: number): UnitJudgement => ({
  judged: judge(before.judged.memory, verdicts, now),
  lookedAt: now,
})

const moments = new Set(['pendingSince', 'since', 'clearSince'])

/** Moves the moments of a judgement when the believed time was corrected since `since`. */
export function correctJudgement(
  { judged, lookedAt }: UnitJudgement,
  { since, byMs }: { since: number; byMs: number },
): UnitJudgement {
  const move = (at: number) => moved(at, since, byMs)
  const moveAll = <T extends object>(track: T): T =>
    Object.fromEntries(
      Object.entries(track).map(([name, value]) => [
        name,
        moments.has(name) && typeof value === 'number' ? move(value) : value,
      ]),
    ) as T
  const memory = Object.entries(judged.memory).map(([key, track]) => [key, moveAll(track)])
  return {
    judged: {
      ...judged,
      memory: Object.fromEntries(memory),
      active: judged.active.map(moveAll),
      ...(judged.dueAt === undefined ? {} : { dueAt: move(judged.dueAt) }),
    },
    ...(lookedAt === undefined ? {} : { lookedAt: move(lookedAt) }),
  }
}

export const isStale = (one: UnitJudgement, everyMs: number, now: number): boolean =>
  one.lookedAt === undefined ||
  now - one.lookedAt > Math.max(stalePeriods * everyMs, staleAtLeastMs)

const iso = (at: number): string => new Date(at).toISOString()

/** One unit as the set of conditions sees it. */
export type JudgedUnit = { unit: string; everyMs: number; judgement: UnitJudgement }

function activeOf({ unit, judgement }: JudgedUnit): Body['active'] {
  return judgement.judged.active.map(({ part, code, since, severity, raw }) => ({
    unit,
    part,
    code,
    since: iso(since),
    severity,
    ...(raw === undefined ? {} : { raw: typeof raw === 'string' ? raw.slice(0, 200) : raw }),
  }))
}

function unknownOf(one: JudgedUnit, now: number): Body['unknown'] {
  const { unit, everyMs, judgement } = one
  if (isStale(judgement, everyMs, now)) return [{ unit }]
  return judgement.judged.unknown.map(({ part, code }) => ({ unit, part, code }))
}

/**
 * The full active set of the agent's units, and what cannot be judged. A unit that was not looked
 * at lately is unknown as a whole, which keeps the hub from closing what stood open on it.
 */
export const fullSet = (units: readonly JudgedUnit[], now: number): Body => ({
  active: units.flatMap(activeOf),
  unknown: units.flatMap((one) => unknownOf(one, now)),
})

/**
 * What may be said of now by who does not know what time it is: nothing is judged. A `since` of a
 * wrong clock would date an alert, and its deadlines, months back.
 */
export const untimedSet = (units: readonly JudgedUnit[]): Body => ({
  active: [],
  unknown: units.map(({ unit }) => ({ unit })),
})

/** The same for two sets that say the same, whatever their order. */
export const fingerprint = (body: Body): string =>
  JSON.stringify([
    body.active.map((one) => [one.unit, one.part, one.code, one.since, one.severity]).sort(),
    body.unknown.map((one) => [one.unit, one.part ?? null, one.code ?? null]).sort(),
  ])
