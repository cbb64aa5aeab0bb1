import type { z } from 'zod'
import { SectionName } from '../../src/contract/wire/common.ts'
import type { Desired, Reported } from '../../src/contract/wire/messages.ts'
import type { Log } from '../../src/core/log.ts'
import { messageOf } from '../../src/core/problem.ts'
import { sectionHash } from '../../src/plan/hash.ts'
import type { SectionHandler } from './collector.ts'
import type { AgentState } from './state.ts'

type Section = z.infer<typeof SectionName>
type DesiredMessage = z.infer<typeof Desired>
type Incoming = NonNullable<DesiredMessage['sections'][Section]>
export type SectionReports = z.infer<typeof Reported>['sections']
type Report = NonNullable<SectionReports[Section]>

/** A section in force, as it is kept over a restart. */
export type Held = { lineage: string; version: number; hash: string; body: unknown }

/** Who takes part in a section: all must accept it, in this order. */
export type SectionHandlers = Partial<Record<Section, readonly SectionHandler[]>>

export type Verdict =
  | { kind: 'apply' }
  /** In force already, or older than what is: nothing to do but to say what is held. */
  | { kind: 'keep' }
  | { kind: 'refuse'; reason: string }

/**
 * What to do with a desired section. Versions are comparable inside one lineage of the hub's
 * database only: after a restore an older number may be the newer truth.
 */
export function weigh(
  held: Held | undefined,
  incoming: Incoming,
  about: { lineage: string; known: boolean },
): Verdict {
  if (!about.known) return { kind: 'refuse', reason: 'this agent has no such section' }
  if (sectionHash(incoming.body) !== incoming.hash) {
    return { kind: 'refuse', reason: 'the hash does not match the body' }
  }
  if (held && held.lineage === about.lineage && incoming.version < held.version) {
    return { kind: 'keep' }
  }
  const same = held?.hash === incoming.hash && held.version === incoming.version
  return same ? { kind: 'keep' } : { kind: 'apply' }
}

/**
 * Takes the sections this program knows out of a desired message of a newer hub, so that a new
 * name does not cost the others.
 */
export function onlyKnownSections(value: unknown): { value: unknown; unknown: string[] } {
  const sections = (value as { sections?: unknown } | null)?.sections
  if (typeof sections !== 'object' || sections === null) return { value, unknown: [] }
  const known = new Set<string>(SectionName.options)
  const names = Object.keys(sections)
  const entries = Object.entries(sections).filter(([name]) => known.has(name))
  return {
    value: { ...(value as object), sections: Object.fromEntries(entries) },
    unknown: names.filter((name) => !known.has(name)),
  }
}

const report = (of: { version: number; hash: string }, state: Report['state']): Report => ({
  version: of.version,
  hash: of.hash,
  state,
})

const refusal = (of: Incoming | Held, reason: string): Report => ({
  ...report(of, 'refused'),
  reason: reason.slice(0, 300),
})

export type Sections = {
  /** Puts what is kept into force again; what is refused now is told in the answer. */
  resume: () => Promise<SectionReports>
  apply: (message: DesiredMessage) => Promise<SectionReports>
  /** For the birth. */
  held: () => Partial<Record<Section, { version: number; hash: string }>>
}

const nameOf = (section: Section): string => `section.${section}`

async function toAll(handlers: readonly SectionHandler[], body: unknown): Promise<void> {
  for (const handle of handlers) await handle(body)
}

/** Runs one piece of work after the other. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}

/** Applies desired sections, one message after the other, and keeps what is in force. */
export function createSections(options: {
  handlers: SectionHandlers
  state: AgentState
  log: Log
}): Sections {
  const { handlers, state, log } = options
  const inForce = new Map<Section, Held>()
  const inTurn = createTurns()

  const handAll = (section: Section, body: unknown) => toAll(handlers[section] ?? [], body)
  /** Some units may have taken the new body over already; all go back to the one in force. */
  const goBack = async (section: Section) => {
    const before = inForce.get(section)
    if (!before) return
    await handAll(section, before.body).catch((error: unknown) =>
      log.error({ section, err: error }, 'cannot go back to the section in force'),
    )
  }
  const takeOver = async (section: Section, next: Held): Promise<Report> => {
    try {
      await handAll(section, next.body)
    } catch (error) {
      log.warn({ section, version: next.version, reason: messageOf(error) }, 'section refused')
      await goBack(section)
      return refusal(next, messageOf(error))
    }
    inForce.set(section, next)
    state.set(nameOf(section), next)
    log.info({ section, version: next.version }, 'section in force')
    return report(next, 'accepted')
  }
  const one = (section: Section, incoming: Incoming, lineage: string): Promise<Report> | Report => {
    const held = inForce.get(section)
    const known = (handlers[section] ?? []).length > 0
    const verdict = weigh(held, incoming, { lineage, known })
    if (verdict.kind === 'refuse') return refusal(incoming, verdict.reason)
    if (verdict.kind === 'apply') return takeOver(section, { ...incoming, lineage })
    return report(held ?? incoming, 'accepted')
  }
  const applyNow = async ({ lineage, sections }: DesiredMessage): Promise<SectionReports> => {
    const reports: SectionReports = {}
    for (const section of SectionName.options) {
      const incoming = sections[section]
      if (incoming) reports[section] = await one(section, incoming, lineage)
    }
    return reports
  }
  const resumeNow = async (): Promise<SectionReports> => {
    const refused: SectionReports = {}
    for (const section of SectionName.options) {
      const held = state.get<Held>(nameOf(section))
      if (!held) continue
      const outcome = await takeOver(section, held)
      if (outcome.state === 'refused') refused[section] = outcome
    }
    return refused
  }
  return {
    resume: () => inTurn(resumeNow),
    apply: (message) => inTurn(() => applyNow(message)),
    held: () =>
      Object.fromEntries(
        [...inForce].map(([section, { version, hash }]) => [section, { version, hash }]),
      ),
  }
}
