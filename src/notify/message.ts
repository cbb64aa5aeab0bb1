import { type FaultCode, faults, type Severity } from '../faults/catalogue.ts'
import type { NoticeKind } from './decide.ts'

/** What a message says. Times are epoch ms. */
export type Notice = {
  kind: NoticeKind
  alertId: string
  code: FaultCode
  severity: Severity
  assetName: string
  areaName: string
  part: string
  since: number
  resolvedAt: number | null
  children: number
  url: string
}

type Language = 'vi' | 'en'

const severityNames: Record<Language, Record<Severity, string>> = {
  vi: { critical: 'Khẩn cấp', high: 'Cao', medium: 'Trung bình', low: 'Thấp' },
  en: { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low' },
}

/** 24/11/2026 18:45 in the province's zone, in both languages the same. */
const timeText = (at: number, timeZone: string): string => {
  const time = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(time.day)}/${two(time.month)}/${time.year} ${two(time.hour)}:${two(time.minute)}`
}

/** One line for a small screen, and the text below it. What, where, since when, what to do first. */
export function compose(
  notice: Notice,
  language: Language,
  timeZone: string,
): { subject: string; text: string } {
  const { code, assetName, areaName, part, children, url } = notice
  const fault = faults[code]
  const name = language === 'vi' ? fault.vi : fault.en
  const where = part ? `${assetName} (${part})` : assetName
  const since = timeText(notice.since, timeZone)
  const until = notice.resolvedAt === null ? '' : timeText(notice.resolvedAt, timeZone)
  if (language === 'vi') {
    const state = notice.kind === 'resolved' ? 'Đã khắc phục' : severityNames.vi[notice.severity]
    const lines =
      notice.kind === 'resolved'
        ? [`Từ ${since} đến ${until}.`]
        : [
            `Từ ${since}.`,
            fault.firstStepVi,
            ...(children > 0 ? [`Ảnh hưởng kèm theo: ${children}.`] : []),
          ]
    return {
      subject: `[${state}] ${name}: ${where} – ${areaName}`,
      text: [`${name}: ${where}, ${areaName}.`, ...lines, url].join('\n'),
    }
  }
  const state = notice.kind === 'resolved' ? 'Resolved' : severityNames.en[notice.severity]
  const lines =
    notice.kind === 'resolved'
      ? [`From ${since} to ${until}.`]
      : [
          `Since ${since}.`,
          fault.firstStepEn,
          ...(children > 0 ? [`Also affected: ${children}.`] : []),
        ]
  return {
    subject: `[${state}] ${name}: ${where} – ${areaName}`,
    text: [`${name}: ${where}, ${areaName}.`, ...lines, url].join('\n'),
  }
}
