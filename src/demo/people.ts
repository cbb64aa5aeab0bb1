/** What the people of the demo do about alerts, and when. Pure. */
import type { Alert } from '../contract/api/operations.ts'
import { hours, minutes } from '../core/clock.ts'
import { chanceOf } from './chance.ts'
import { nextHour } from './month-script.ts'

type Seen = Pick<Alert, 'id' | 'assetId' | 'code' | 'severity' | 'openedAt' | 'areaId'>

const notes: Record<string, string> = {
  'agent-silent': 'Đã gọi xuống điểm, đang kiểm tra điện và đường truyền.',
  'recorder-unreachable': 'Đã báo kỹ thuật viên kiểm tra nguồn đầu ghi.',
  'channel-offline': 'Đã nhận, kiểm tra nguồn và dây mạng camera.',
  'disk-fault': 'Đã nhận, đặt ổ cứng thay thế.',
  'ups-on-battery': 'Đã hỏi điện lực về lịch cắt điện.',
  'ups-unmonitored': 'Đã nhận, kiểm tra dây USB của bộ lưu điện.',
  'lights-not-burning': 'Đã nhận, thợ điện kiểm tra aptomat và công tắc tơ.',
  'day-burning': 'Đã nhận, kiểm tra công tắc tơ dính tiếp điểm.',
  'meter-unreachable': 'Đã nhận, kiểm tra đường RS-485 trong tủ.',
}

const localHour = (at: number) =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO('Asia/Ho_Chi_Minh').hour

const isNight = (at: number) => localHour(at) >= 22 || localHour(at) < 6

/** Who takes this alert on, when and with which words. Most are quick, some are not. */
export function answerTo(
  alert: Seen,
  isOfficers: boolean,
): { at: number; by: string; note: string } {
  const openedAt = Date.parse(alert.openedAt)
  const luck = chanceOf(`${alert.assetId} ${alert.code} ${openedAt}`)
  const quickMs = minutes(3 + 22 * chanceOf(`${alert.id} quick`))
  const slowMs = luck > 0.9 ? hours(1 + 40 * (luck - 0.9)) : 0
  const waitsForMorning = isNight(openedAt) && alert.severity !== 'critical'
  const at = (waitsForMorning ? nextHour(openedAt, 6.5) : openedAt) + quickMs + slowMs
  const by = isOfficers && luck < 0.6 ? 'canbo' : luck > 0.5 && luck < 0.65 ? 'quanly' : 'kythuat'
  return { at: Math.round(at), by, note: notes[alert.code] ?? 'Đã nhận.' }
}
