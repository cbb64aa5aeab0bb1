import { child, children, decimal, flag, text, type XmlNode } from './isapi-xml.ts'
import type { Refusal } from './lockout.ts'

/** Device-wide facts of ISAPI: identity, load, and what its refusals mean. Pure. */
export type DeviceInfo = {
  name?: string
  model?: string
  serial?: string
  firmware?: string
  deviceType?: string
}

const isRoot = (node: XmlNode | undefined, name: string): node is XmlNode =>
  node?.name.toLowerCase() === name.toLowerCase()

const defined = <T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>
  }

/** `GET /ISAPI/System/deviceInfo` */
export function parseDeviceInfo(node: XmlNode): DeviceInfo | undefined {
  if (!isRoot(node, 'DeviceInfo')) return undefined
  const root = node.value
  const firmware = [text(root, 'firmwareVersion'), text(root, 'firmwareReleasedDate')]
  return defined({
    name: text(root, 'deviceName'),
    model: text(root, 'model'),
    serial: text(root, 'serialNumber'),
    firmware: firmware.filter((one) => one !== undefined).join(' ') || undefined,
    deviceType: text(root, 'deviceType'),
  })
}

export type SystemStatus = {
  /** Percent. Zero on many NVRs that do not measure it: the caller judges that over time. */
  cpu?: number
  /** Percent. */
  mem?: number
  uptimeS?: number
  /** As printed, to be read together with the zone. */
  deviceTime?: string
}

const percent = (value: number | undefined): number | undefined =>
  value !== undefined && value >= 0 && value <= 100 ? value : undefined

function mean(values: (number | undefined)[]): number | undefined {
  const numbers = values.filter((one) => one !== undefined)
  if (numbers.length === 0) return undefined
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length
}

/** Recorders give MB used and free; cameras give percent used and KB free. */
function memoryPercent(memory: unknown): number | undefined {
  const used = decimal(memory, 'memoryUsage')
  const free = decimal(memory, 'memoryAvailable')
  if (used === undefined || free === undefined || used < 0 || free < 0) return undefined
  if (used <= 100 && free > 4000) return used
  return used + free > 0 ? (100 * used) / (used + free) : undefined
}

/** `GET /ISAPI/System/status` */
export function parseSystemStatus(node: XmlNode): SystemStatus | undefined {
  if (!isRoot(node, 'DeviceStatus')) return undefined
  const root = node.value
  const uptime = text(root, 'deviceUpTime')
  const cpus = children(child(root, 'CPUList'), 'CPU')
  const memories = children(child(root, 'MemoryList'), 'Memory')
  return defined({
    cpu: mean(cpus.map((cpu) => percent(decimal(cpu, 'cpuUtilization')))),
    mem: memories.map(memoryPercent).find((one) => one !== undefined),
    // Words such as "87天0时55分59秒" exist.
    uptimeS: uptime !== undefined && /^\d{1,12}$/.test(uptime) ? Number(uptime) : undefined,
    deviceTime: text(root, 'currentDeviceTime'),
  })
}

export type DeviceError = { code: string; absent: boolean }

/**
 * A refusal in the device's own words. `absent`: this model has no such thing, so asking again
 * soon is useless.
 */
export function parseResponseStatus(node: XmlNode | undefined): DeviceError | undefined {
  if (!isRoot(node, 'ResponseStatus')) return undefined
  const code = text(node.value, 'subStatusCode') ?? text(node.value, 'statusString') ?? 'refused'
  return { code: code.slice(0, 60), absent: /^notSupport|^methodNotAllowed$/i.test(code) }
}

/** What the body of a 401 says: `userCheck`, or a `ResponseStatus` that means the nonce. */
export function refusalOf(node: XmlNode | undefined): Refusal | undefined {
  const error = parseResponseStatus(node)
  if (error) return /^invalidOperation$/i.test(error.code) ? { kind: 'stale' } : undefined
  if (!isRoot(node, 'userCheck')) return undefined
  const triesLeft = decimal(node.value, 'retryLoginTime')
  const unlockInS = decimal(node.value, 'unlockTime')
  const state = text(node.value, 'lockStatus') ?? ''
  const locked = /^lock/i.test(state) || flag(node.value, 'isLocked') === true
  return {
    kind: locked ? 'locked' : 'rejected',
    ...(triesLeft === undefined ? {} : { triesLeft }),
    ...(locked && unlockInS !== undefined ? { unlockInS } : {}),
  }
}
