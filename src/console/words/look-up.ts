import type { Words } from './vi.ts'

/** Own keys only: a code named `constructor` is no word. */
const find = <T>(table: Record<string, T>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined

/** Title of a fault; a code this console does not know stands as it is. */
export const faultTitle = (words: Words, code: string): string =>
  find(words.faults, code)?.title ?? code

export const firstStep = (words: Words, code: string): string | undefined =>
  find(words.faults, code)?.firstStep

/** Why something is unknown or in fault: a fault, a known reason, else what the device said. */
export const reasonText = (words: Words, reason: string): string =>
  find(words.reasons, reason) ?? find(words.faults, reason)?.title ?? reason

/** `ch:7` → Kênh 7; empty for the device itself. */
export function partName(words: Words, part: string): string {
  const [prefix = '', name = ''] = part.split(':')
  return find(words.parts, prefix)?.(name) ?? part
}

export const valueWords = (words: Words, measurement: string, field: string) =>
  find(words.values, `${measurement}.${field}`) ?? { label: field }

export const actionName = (words: Words, action: string): string =>
  find(words.audit.actions, action) ?? action

export const hubPartName = (words: Words, part: string): string =>
  find(words.status.partNames, part) ?? part

export const problemText = (words: Words, code: string): string =>
  find<string>(words.problems, code) ?? words.problems['hub.error']

export const kindName = (words: Words, kind: string): string =>
  find<string>(words.kinds, kind) ?? kind

export const sectionName = (words: Words, section: string): string =>
  find<string>(words.agents.sectionNames, section) ?? section
