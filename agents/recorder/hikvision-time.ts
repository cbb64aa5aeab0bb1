import { text, type XmlNode } from './isapi-xml.ts'

/** The recorder's clock. Pure. */
export type Zone = {
  /** East of Greenwich, without summer time. */
  offsetMinutes: number
  hasSummerTime: boolean
}
export type DeviceTime = { localTime: string; zone: Zone | undefined }

/** POSIX form with its inverted sign: `CST-7:00:00` is UTC+7. */
export function parseZone(zone: string | undefined): Zone | undefined {
  const found = /^[A-Za-z]+([+-]?)(\d{1,2})(?::(\d{2}))?(?::\d{2})?(.*)$/.exec(zone ?? '')
  if (!found) return undefined
  const [, sign, hours, minutes = '0', rest = ''] = found
  const west = Number(hours) * 60 + Number(minutes)
  return { offsetMinutes: sign === '-' ? west : 0 - west, hasSummerTime: /^[A-Za-z]/.test(rest) }
}

/** `GET /ISAPI/System/time` */
export function parseTime(node: XmlNode): DeviceTime | undefined {
  if (node.name.toLowerCase() !== 'time') return undefined
  const localTime = text(node.value, 'localTime')
  return localTime === undefined
    ? undefined
    : { localTime, zone: parseZone(text(node.value, 'timeZone')) }
}

const stamp = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{1,2}:?\d{2})?$/

/** Epoch ms of a printed time; without an offset the zone decides, without both it is unknown. */
export function readInstant(printed: string, zone: Zone | undefined): number | undefined {
  const found = stamp.exec(printed.trim())
  if (!found) return undefined
  const [, date, time, offset] = found
  const utc = Date.parse(`${date}T${time}Z`)
  const shift = offset === undefined ? zone?.offsetMinutes : minutesOf(offset)
  return Number.isNaN(utc) || shift === undefined ? undefined : utc - shift * 60_000
}

function minutesOf(offset: string): number {
  if (offset === 'Z') return 0
  const [, sign, hours, minutes] = /^([+-])(\d{1,2}):?(\d{2})$/.exec(offset) ?? []
  const size = Number(hours) * 60 + Number(minutes)
  return sign === '-' ? 0 - size : size
}

const summerShiftS = 3600
const believableS = 120

/**
 * Seconds the recorder is ahead. Where a zone has summer time the printed offset may leave it out,
 * so an hour more or less is not drift when the rest is small.
 */
export function driftSeconds(deviceMs: number, trueMs: number, zone: Zone | undefined): number {
  const plain = (deviceMs - trueMs) / 1000
  if (!zone?.hasSummerTime) return plain
  const nearest = [plain, plain - summerShiftS, plain + summerShiftS].reduce((best, one) =>
    Math.abs(one) < Math.abs(best) ? one : best,
  )
  return Math.abs(nearest) < believableS ? nearest : plain
}
