import type { Rule } from '../contract/wire/plan.ts'
import { weekdayOf } from './lighting-day.ts'

const kindRank: Record<Rule['kind'], number> = { special: 2, weekly: 1, default: 0 }

/**
 * Does the rule speak about the evening of this date? A list that is absent asks nothing; an empty
 * list names no day and so never matches. Weekdays and dates must both agree.
 */
export function matches(rule: Rule, date: string): boolean {
  if (rule.weekdays && !rule.weekdays.includes(weekdayOf(date))) return false
  return !rule.dates || rule.dates.some(({ from, to }) => from <= date && date <= to)
}

/**
 * Total order of rules, the winner first: special before weekly before default, then the higher
 * priority, the more specific target, the newer one, the smaller id. Hub and agent always agree.
 */
export function comparePrecedence(a: Rule, b: Rule): number {
  return (
    kindRank[b.kind] - kindRank[a.kind] ||
    b.priority - a.priority ||
    (b.specificity ?? 0) - (a.specificity ?? 0) ||
    (b.updatedAt ?? 0) - (a.updatedAt ?? 0) ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  )
}

/** The rule that holds for the evening of `date`, if any. */
export function chooseRule(rules: readonly Rule[], date: string): Rule | undefined {
  let best: Rule | undefined
  for (const rule of rules) {
    if (!matches(rule, date)) continue
    if (!best || comparePrecedence(rule, best) < 0) best = rule
  }
  return best
}
