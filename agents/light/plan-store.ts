import { z } from 'zod'
import { Plan } from '../../src/contract/wire/plan.ts'
import type { Log } from '../../src/core/log.ts'
import { Problem } from '../../src/core/problem.ts'
import { sectionHash } from '../../src/plan/hash.ts'
import { readJson, writeWhole } from './plan-file.ts'

export type HeldPlan = { plan: Plan; hash: string }

/**
 * The plan in force, on two files written in turn. Promises: a plan that cannot be read, is cut
 * short or was changed on the disk never replaces a good one; what is refused is refused with its
 * reason, and `trouble` says when the newest file is not the one in force.
 */
export type PlanStore = {
  current: () => HeldPlan | undefined
  /** Why the plan in force is not the newest one known; absent when it is. */
  trouble: () => string | undefined
  /** Takes a section body over; throws Problem and keeps the former plan when it is not valid. */
  apply: (body: unknown) => void
}

const names = ['plan-a.json', 'plan-b.json'] as const

const PlanFile = z.object({ turn: z.int().nonnegative(), hash: z.string(), body: z.json() })

type Found = HeldPlan & { turn: number; name: (typeof names)[number] }
type Slot = Found | { trouble: string } | undefined

const issueOf = ({ issues: [issue] }: z.ZodError): string =>
  `${issue?.path.join('.') || 'plan'}: ${issue?.message ?? 'not valid'}`.slice(0, 250)

function readSlot(folder: string, name: Found['name']): Slot {
  const json = readJson(folder, name)
  if (json === undefined) return undefined
  const file = PlanFile.safeParse(json)
  if (!file.success) return { trouble: `${name} is cut short or not a plan file` }
  const { turn, hash, body } = file.data
  if (sectionHash(body) !== hash) return { trouble: `${name} does not match its hash` }
  const plan = Plan.safeParse(body)
  if (!plan.success) return { trouble: `${name}: ${issueOf(plan.error)}` }
  return { turn, hash, name, plan: plan.data }
}

export function openPlanStore({ folder, log }: { folder: string; log: Log }): PlanStore {
  const slots = names.map((name) => readSlot(folder, name))
  let trouble = slots.find((slot) => slot && 'trouble' in slot) as { trouble: string } | undefined
  let held = slots
    .filter((slot): slot is Found => slot !== undefined && 'plan' in slot)
    .toSorted((a, b) => b.turn - a.turn)[0]
  if (trouble) {
    log.warn({ reason: trouble.trouble, inForce: held?.hash }, 'plan file cannot be used')
  }

  return {
    current: () => held && { plan: held.plan, hash: held.hash },
    trouble: () => trouble?.trouble,
    apply: (body) => {
      const parsed = Plan.safeParse(body)
      if (!parsed.success) {
        trouble = { trouble: issueOf(parsed.error) }
        throw new Problem('lighting.bad-program', trouble.trouble)
      }
      const hash = sectionHash(body)
      if (held?.hash === hash && !trouble) return
      const turn = (held?.turn ?? 0) + 1
      // Never over the plan in force: if this write is cut short, that one is still there.
      const name = held?.name === names[0] ? names[1] : names[0]
      writeWhole(folder, name, JSON.stringify({ turn, hash, body }))
      held = { turn, hash, name, plan: parsed.data }
      trouble = undefined
      log.info({ hash, turn }, 'new plan in force')
    },
  }
}
