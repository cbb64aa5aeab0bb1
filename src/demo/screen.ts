import { demoPassword, userPlans } from './province.ts'
import type { Chapter } from './story.ts'

const wall = (at: number) =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO('Asia/Ho_Chi_Minh')

const clockText = (at: number): string =>
  wall(at).toPlainTime().toString({ smallestUnit: 'second' })

const dayText = (at: number): string => {
  const { day, month, year } = wall(at)
  return `${String(day).padStart(2, '0')}/${String(month).padStart(2, '0')}/${year}`
}

const quarter = 25

/** One line that counts up on a terminal; elsewhere a line for each quarter. */
export function createProgress(out: NodeJS.WriteStream, span: { from: number; to: number }) {
  let said = -1
  const isLive = out.isTTY === true
  const show = (percent: number, at: number) => {
    const line = `Living the days before  ${String(percent).padStart(3)} %  ${dayText(at)}`
    out.write(isLive ? `\r${line}` : `${line}\n`)
  }
  return {
    at: (at: number) => {
      const exact = Math.floor((100 * (at - span.from)) / (span.to - span.from))
      const percent = Math.min(100, isLive ? exact : exact - (exact % quarter))
      if (percent === said) return
      said = percent
      show(percent, at)
    },
    end: () => {
      if (isLive) out.write('\n')
    },
  }
}

export type ReadyFacts = {
  url: string
  hasConsole: boolean
  mqttPort: number | undefined
  days: number
  records: number
  agents: number
  seconds: number
  folder: string | undefined
}

/** What a new user needs: where, who, and how to end it. */
export function readyText(facts: ReadyFacts): string {
  const users = [
    { username: 'admin', about: 'quản trị hệ thống · administrator' },
    ...userPlans.map(({ username, about }) => ({ username, about })),
  ]
  const rows = users.map(({ username, about }) => `  ${username.padEnd(9)} ${about}`)
  return [
    '',
    `An Sáng is ready: ${facts.url}`,
    ...(facts.hasConsole ? [] : ['(the console is not built; the API works, see /api/docs)']),
    '',
    `Password of every demo user: ${demoPassword}`,
    ...rows,
    '',
    `${facts.days} days and ${facts.records} records lived, ${facts.agents} agents connected ` +
      `(MQTT port ${facts.mqttPort}), ready after ${facts.seconds.toFixed(1)} s.`,
    ...(facts.folder ? [`The data stays in ${facts.folder}.`] : []),
    'A story begins now; it goes on until you press Ctrl-C.',
    '',
  ].join('\n')
}

export const chapterText = (chapter: Chapter, at: number): string =>
  `${clockText(at)}  ${chapter.vi} → ${chapter.seeVi}  |  ${chapter.en} → ${chapter.seeEn}`

export const heardText = (subject: string, at: number): string =>
  `${clockText(at)}    webhook: ${subject}`
