import { child, children, decimal, text, type XmlNode } from './isapi-xml.ts'
import type { DiskSnapshot } from './snapshot.ts'

/** Disks of ISAPI. Pure. Full is not a fault: recorders overwrite. */
export type ParsedDisk = DiskSnapshot & {
  label?: string
  /** The bay answers "nothing in here": a fault only where a disk has been before. */
  bayEmpty: boolean
}

const good = /^(ok|normal|idle|sleeping|active)$/i
const busy = /^(reparing|repairing|formating|formatting|initializing)$/i
const notFormatted = /^(unformatted|unRecordHostFormatted)$/i
const broken = /^(error|abnormal|offline|smartFailed|mismatch|notexist|exception)$/i

/** The vendor's words, misspellings included, as four states; other words stay unknown. */
export function diskState(status: string | undefined): DiskSnapshot['state'] {
  if (status === undefined) return 'unknown'
  if (good.test(status)) return 'ok'
  if (busy.test(status)) return 'busy'
  return broken.test(status) || notFormatted.test(status) ? 'fault' : 'unknown'
}

const bytesPerMb = 1024 * 1024

/** MB as a rule; one firmware family gives bytes, and no disk has 10^9 MB. */
function toMb(value: number | undefined): number | undefined {
  if (value === undefined || value < 0) return undefined
  return value > 1e9 ? Math.round(value / bytesPerMb) : value
}

function judge(status: string | undefined, property: string | undefined, capacity?: number) {
  const state = diskState(status)
  if (state !== 'ok') return { state, ...(status === undefined ? {} : { raw: status }) }
  if (property !== undefined && /^RO$/i.test(property)) {
    return { state: 'fault' as const, raw: `${status}, read-only` }
  }
  if (capacity === 0) return { state: 'fault' as const, raw: `${status}, no capacity` }
  return { state, raw: status ?? '' }
}

const partName = (prefix: string, id: string): string =>
  `disk:${prefix}${id.replace(/[^A-Za-z0-9-]/g, '-')}`.slice(0, 21)

function toDisk(disk: unknown, prefix: string): ParsedDisk | undefined {
  const id = text(disk, 'id')
  if (id === undefined) return undefined
  const status = text(disk, 'status')
  const capacityMb = toMb(decimal(disk, 'capacity') ?? decimal(disk, 'size'))
  const freeMb = toMb(decimal(disk, 'freeSpace') ?? decimal(disk, 'freeSize'))
  const label = text(disk, 'hddModel') ?? text(disk, 'hddName') ?? text(disk, 'ipAddress')
  return {
    part: partName(prefix, id),
    ...judge(status, text(disk, 'property'), capacityMb),
    bayEmpty: /^notexist$/i.test(status ?? ''),
    ...(capacityMb === undefined ? {} : { capacityMb }),
    ...(freeMb === undefined ? {} : { freeMb }),
    ...(label === undefined ? {} : { label }),
  }
}

/**
 * `GET /ISAPI/ContentMgmt/Storage` or `…/Storage/hdd`. An empty list is an answer (no storage);
 * `undefined` means that this is not a storage page.
 */
export function parseStorage(node: XmlNode): ParsedDisk[] | undefined {
  const name = node.name.toLowerCase()
  if (name !== 'storage' && name !== 'hddlist') return undefined
  const hdds = children(name === 'storage' ? child(node.value, 'hddList') : node.value, 'hdd')
  const shares = children(child(node.value, 'nasList'), 'nas')
  const disks = [...hdds.map((one) => toDisk(one, '')), ...shares.map((one) => toDisk(one, 'nas-'))]
  return disks.filter((one) => one !== undefined)
}
