import type { LightingProgram } from '../../contract/api/operations.ts'

export type Weekly = LightingProgram['weekly']
export type Segment = Weekly[number]['segments'][number]
export type TimeRef = Segment['from']
export type SunEvent = Extract<TimeRef, { kind: 'sun' }>['event']

/** What the scheduler edits; rows carry a key so that removing one does not mix up the others. */
export type DraftRow = Weekly[number] & { key: number }
export type Draft = { name: string; rows: DraftRow[] }

export const everyDay = [1, 2, 3, 4, 5, 6, 7] as const

let lastKey = 0
const withKey = (row: Weekly[number]): DraftRow => {
  lastKey += 1
  return { ...row, key: lastKey }
}

export const newSegment: Segment = {
  from: { kind: 'sun', event: 'sunset', offsetMin: 10 },
  to: { kind: 'sun', event: 'sunrise', offsetMin: -15 },
  level: 100,
}

export const newRow = (weekdays: number[]): DraftRow =>
  withKey({ weekdays, segments: [newSegment] })

export const newDraft = (name: string): Draft => ({ name, rows: [newRow([...everyDay])] })

export const toDraft = (program: Pick<LightingProgram, 'name' | 'weekly'>): Draft => ({
  name: program.name,
  rows: program.weekly.map(withKey),
})

/** As the hub wants it: rows without nights say nothing and are left out. */
export const toWeekly = (rows: readonly DraftRow[]): Weekly =>
  rows
    .filter((row) => row.weekdays.length > 0)
    .map(({ weekdays, segments }) => ({ weekdays, segments }))

/** Gives a weekday to one row and takes it from the others: no evening has two sets of hours. */
export function setWeekdays(
  rows: readonly DraftRow[],
  key: number,
  weekdays: number[],
): DraftRow[] {
  return rows.map((row) =>
    row.key === key
      ? { ...row, weekdays: [...weekdays].sort((a, b) => a - b) }
      : { ...row, weekdays: row.weekdays.filter((day) => !weekdays.includes(day)) },
  )
}

/** Evenings that no row names. */
export const missingDays = (rows: readonly DraftRow[]): number[] =>
  everyDay.filter((day) => !rows.some((row) => row.weekdays.includes(day)))

const clockPattern = /^([01]\d|2[0-3]):[0-5]\d$/

export const isClock = (text: string): boolean => clockPattern.test(text)

/** `1830`, `18h30`, `18.30` and `6:05` as a person types them → `18:30`, `06:05`. */
export function toClock(text: string): string {
  const digits =
    /^(\d{1,2})\D?(\d{2})$/.exec(text.trim()) ?? /^(\d{1,2})\s*[hg:]?$/.exec(text.trim())
  if (!digits) return text.trim()
  return `${(digits[1] ?? '').padStart(2, '0')}:${digits[2] ?? '00'}`
}

const isTimeRight = (time: TimeRef): boolean =>
  time.kind === 'clock'
    ? isClock(time.at)
    : Number.isInteger(time.offsetMin) && Math.abs(time.offsetMin) <= 240

/** Could the hub take this? Says nothing about whether the hours make sense. */
export const isComplete = (draft: Draft): boolean =>
  draft.name.trim() !== '' &&
  missingDays(draft.rows).length === 0 &&
  draft.rows.every((row) =>
    row.segments.every(
      ({ from, to, level }) =>
        isTimeRight(from) &&
        isTimeRight(to) &&
        Number.isInteger(level) &&
        level >= 0 &&
        level <= 100,
    ),
  )
