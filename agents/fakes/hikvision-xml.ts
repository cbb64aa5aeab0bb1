import type { ModelDisk, ModelInput, ModelSlot, RecorderModel } from './recorder-model.ts'

/** ISAPI bodies of a recorder model, printed as real firmware prints them. Pure. */
export type Dialect = {
  /** Differs by firmware; '' prints none. */
  namespace: string
  /** Print `&` in names as it is, as some firmware does. */
  rawAmpersand: boolean
}

export const usualDialect: Dialect = {
  namespace: 'http://www.isapi.org/ver20/XMLSchema',
  rawAmpersand: false,
}

type Element = [name: string, value: string | number | boolean | undefined]

const tags = (elements: readonly Element[]): string =>
  elements
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')

export function isapiDocument(root: string, inner: string, { namespace }: Dialect): string {
  const xmlns = namespace === '' ? '' : ` xmlns="${namespace}"`
  return `<?xml version="1.0" encoding="UTF-8" ?>\n<${root} version="2.0"${xmlns}>\n${inner}\n</${root}>\n`
}

const escaped = (text: string, { rawAmpersand }: Dialect): string =>
  (rawAmpersand ? text : text.replace(/&/g, '&amp;')).replace(/</g, '&lt;')

/** Local time with the offset it believes in. */
function printedTime(model: RecorderModel, now: number): string {
  const { clockOffsetMs, offsetMinutes } = model
  const local = new Date(now + clockOffsetMs + offsetMinutes * 60_000).toISOString().slice(0, 19)
  const size = Math.abs(offsetMinutes)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

const slotStatus = ({ id, ip, online, detect }: ModelSlot): string =>
  `<InputProxyChannelStatus><id>${id}</id><sourceInputPortDescriptor>${tags([
    ['proxyProtocol', 'HIKVISION'],
    ['ipAddress', detect === 'notExist' ? '0.0.0.0' : ip],
    ['managePortNo', 8000],
  ])}</sourceInputPortDescriptor>${tags([
    ['online', online],
    ['chanDetectResult', detect],
  ])}</InputProxyChannelStatus>`

const slotConfig = (slot: ModelSlot, dialect: Dialect): string =>
  `<InputProxyChannel>${tags([
    ['id', slot.id],
    ['name', escaped(slot.name, dialect)],
  ])}<sourceInputPortDescriptor>${tags([['ipAddress', slot.ip]])}</sourceInputPortDescriptor></InputProxyChannel>`

const input = ({ id, name, signal }: ModelInput, dialect: Dialect): string =>
  `<VideoInputChannel>${tags([
    ['id', id],
    ['inputPort', id],
    ['videoInputEnabled', true],
    ['name', escaped(name, dialect)],
    ['resDesc', signal ? ' 1280*720(HD720P)P25' : 'NO VIDEO'],
  ])}</VideoInputChannel>`

const hdd = (disk: ModelDisk): string =>
  `<hdd>${tags([
    ['id', disk.id],
    ['hddName', `hdd${disk.id}`],
    ['hddPath', ''],
    ['hddType', 'SATA'],
    ['status', disk.status],
    ['capacity', disk.capacityMb],
    ['freeSpace', disk.freeMb],
    ['property', disk.property],
    ['hddModel', disk.model],
  ])}</hdd>`

const storage = (model: RecorderModel): string =>
  `<hddList>${model.disks
    .filter(({ present }) => present)
    .map(hdd)
    .join('')}</hddList><nasList></nasList><workMode opt="group,quota">quota</workMode>`

const status = (model: RecorderModel, now: number): string =>
  `${tags([
    ['currentDeviceTime', printedTime(model, now)],
    ['deviceUpTime', Math.max(0, Math.floor((now - model.bootedAt) / 1000))],
  ])}<CPUList><CPU>${tags([['cpuUtilization', model.cpu]])}</CPU></CPUList><MemoryList><Memory>${tags(
    [
      ['memoryDescription', 'DDR Memory'],
      ['memoryUsage', ` ${model.memUsedMb.toFixed(6)}`],
      ['memoryAvailable', ` ${model.memFreeMb.toFixed(6)}`],
    ],
  )}</Memory></MemoryList>`

const info = (model: RecorderModel, dialect: Dialect): string =>
  tags([
    ['deviceName', escaped(model.name, dialect)],
    ['model', model.model],
    ['serialNumber', model.serial],
    ['macAddress', '02:00:00:00:00:01'],
    ['firmwareVersion', model.firmware],
    ['firmwareReleasedDate', model.build],
    ['deviceType', model.deviceType],
  ])

const time = (model: RecorderModel, now: number): string =>
  tags([
    ['timeMode', 'NTP'],
    ['localTime', printedTime(model, now)],
    ['timeZone', model.zone],
  ])

/** The body of a page; `undefined` when a recorder of this kind has no such page. */
export function isapiPage(
  path: string,
  model: RecorderModel,
  { now, dialect }: { now: number; dialect: Dialect },
): string | undefined {
  const page = (root: string, inner: string) => isapiDocument(root, inner, dialect)
  const base = '/ISAPI/ContentMgmt/InputProxy/channels'
  switch (path) {
    case '/ISAPI/System/deviceInfo':
      return page('DeviceInfo', info(model, dialect))
    case '/ISAPI/System/status':
      return page('DeviceStatus', status(model, now))
    case '/ISAPI/System/time':
      return page('Time', time(model, now))
    case '/ISAPI/ContentMgmt/Storage':
      return page('storage', storage(model))
    case base:
      return page(
        'InputProxyChannelList',
        used(model)
          .map((one) => slotConfig(one, dialect))
          .join(''),
      )
    case `${base}/status`:
      return page('InputProxyChannelStatusList', model.slots.map(slotStatus).join(''))
    case '/ISAPI/System/Video/inputs/channels':
      return model.inputs.length === 0
        ? undefined
        : page('VideoInputChannelList', model.inputs.map((one) => input(one, dialect)).join(''))
    default:
      return singleSlot(path, model, dialect)
  }
}

const used = (model: RecorderModel) => model.slots.filter(({ detect }) => detect !== 'notExist')

function singleSlot(path: string, model: RecorderModel, dialect: Dialect): string | undefined {
  const id = /\/InputProxy\/channels\/(\d+)\/status$/.exec(path)?.[1]
  const slot = model.slots.find((one) => String(one.id) === id)
  if (!slot) return undefined
  const inner = slotStatus(slot).replace(
    /^<InputProxyChannelStatus>|<\/InputProxyChannelStatus>$/g,
    '',
  )
  return isapiDocument('InputProxyChannelStatus', inner, dialect)
}
