import { describe, expect, test } from 'vitest'
import {
  parseProxyNames,
  parseProxyStatus,
  parseVideoInputs,
} from '../../agents/recorder/hikvision-channels.ts'
import { diskState, parseStorage } from '../../agents/recorder/hikvision-storage.ts'
import {
  parseDeviceInfo,
  parseResponseStatus,
  parseSystemStatus,
  refusalOf,
} from '../../agents/recorder/hikvision-system.ts'
import {
  driftSeconds,
  parseTime,
  parseZone,
  readInstant,
} from '../../agents/recorder/hikvision-time.ts'
import { parseXml, type XmlNode } from '../../agents/recorder/isapi-xml.ts'
import { isapiFile } from '../support/recorder-files.ts'

const xml = (body: string): XmlNode => parseXml(body) ?? { name: '', value: '' }

describe('identity and load', () => {
  test('device info', () => {
    expect(parseDeviceInfo(isapiFile('deviceInfo-nvr'))).toEqual({
      name: 'Shop NVR',
      model: 'DS-7608NXI-I2/8P/S',
      serial: 'DS-7608NXI-I2/8P/S0820240101CCRRFAKE00001WCVU',
      firmware: 'V4.62.210 build 230619',
      deviceType: 'NVR',
    })
  })

  test('status', () => {
    expect(parseSystemStatus(isapiFile('status-nvr'))).toEqual({
      cpu: 17,
      mem: expect.closeTo((100 * 517.34) / (517.34 + 1402.65), 6),
      uptimeS: 864_123,
      deviceTime: '2026-11-20T10:15:03+07:00',
    })
  })

  const status = (inner: string) => parseSystemStatus(xml(`<DeviceStatus>${inner}</DeviceStatus>`))
  const memory = (used: string, free: string) =>
    `<MemoryList><Memory><memoryUsage>${used}</memoryUsage><memoryAvailable>${free}</memoryAvailable></Memory></MemoryList>`

  test.each([
    [
      'blanks before a number',
      memory(' 244.175781', ' 255.894531'),
      { mem: expect.closeTo(48.83, 1) },
    ],
    ['percent and KB of a camera', memory('86.00', '33424'), { mem: 86 }],
    ['MB of a small recorder', memory('80', '120'), { mem: 40 }],
    ['no memory at all', memory('0', '0'), {}],
    ['uptime in words', '<deviceUpTime>87天0时55分59秒</deviceUpTime>', {}],
    ['uptime with a sign', '<deviceUpTime>-5</deviceUpTime>', {}],
    [
      'several processors',
      '<CPUList><CPU><cpuUtilization>10</cpuUtilization></CPU><CPU><cpuUtilization>30</cpuUtilization></CPU></CPUList>',
      { cpu: 20 },
    ],
    [
      '36.400002',
      '<CPUList><CPU><cpuUtilization>36.400002</cpuUtilization></CPU></CPUList>',
      { cpu: 36.400002 },
    ],
    ['CPU beyond 100', '<CPUList><CPU><cpuUtilization>400</cpuUtilization></CPU></CPUList>', {}],
    ['nothing inside', '', {}],
  ])('%s', (_, inner, expected) => {
    expect(status(inner)).toEqual(expected)
  })

  test('another page in its place is not a status', () => {
    expect(parseSystemStatus(isapiFile('deviceInfo-nvr'))).toBeUndefined()
    expect(parseDeviceInfo(isapiFile('status-nvr'))).toBeUndefined()
  })
})

describe('refusals', () => {
  test('notSupport is an absence, busy is not', () => {
    expect(parseResponseStatus(isapiFile('responseStatus-403-notSupport'))).toEqual({
      code: 'notSupport',
      absent: true,
    })
    expect(parseResponseStatus(isapiFile('responseStatus-503-deviceBusy'))).toEqual({
      code: 'deviceBusy',
      absent: false,
    })
  })

  test.each([
    ['userCheck-401-wrong-password', { kind: 'rejected', triesLeft: 4 }],
    ['userCheck-401-locked', { kind: 'locked', triesLeft: 0, unlockInS: 1800 }],
    ['responseStatus-503-deviceBusy', undefined],
  ])('%s', (name, expected) => {
    expect(refusalOf(isapiFile(name))).toEqual(expected)
  })

  test('the vendor text says "locked", an outdated nonce says invalidOperation', () => {
    const locked = xml('<userCheck><lockStatus>locked</lockStatus></userCheck>')
    expect(refusalOf(locked)).toEqual({ kind: 'locked' })
    const nonce = '<ResponseStatus><subStatusCode>invalidOperation</subStatusCode></ResponseStatus>'
    expect(refusalOf(xml(nonce))).toEqual({ kind: 'stale' })
    expect(refusalOf(undefined)).toBeUndefined()
  })
})

describe('disks', () => {
  test('full and overwriting is ok', () => {
    expect(parseStorage(isapiFile('storage-ok-full-overwriting'))).toEqual([
      {
        part: 'disk:1',
        state: 'ok',
        raw: 'ok',
        bayEmpty: false,
        capacityMb: 3_815_447,
        freeMb: 0,
        label: 'ST4000VX016',
      },
    ])
  })

  test('idle is healthy, error is a fault', () => {
    const disks = parseStorage(isapiFile('storage-two-disks-one-error'))
    expect(disks?.map(({ part, state, raw }) => [part, state, raw])).toEqual([
      ['disk:1', 'ok', 'idle'],
      ['disk:2', 'fault', 'error'],
    ])
  })

  test.each([
    ['ok', 'ok'],
    ['OK', 'ok'],
    ['normal', 'ok'],
    ['idle', 'ok'],
    ['sleeping', 'ok'],
    ['reparing', 'busy'],
    ['formating', 'busy'],
    ['unformatted', 'fault'],
    ['unRecordHostFormatted', 'fault'],
    ['error', 'fault'],
    ['abnormal', 'fault'],
    ['offline', 'fault'],
    ['smartFailed', 'fault'],
    ['mismatch', 'fault'],
    ['notexist', 'fault'],
    ['dreaming', 'unknown'],
    [undefined, 'unknown'],
  ])('status %s is %s', (word, state) => {
    expect(diskState(word)).toBe(state)
  })

  const hdd = (inner: string) =>
    parseStorage(xml(`<hddList><hdd><id>1</id>${inner}</hdd></hddList>`))
  const ok = '<status>ok</status>'

  test.each([
    ['read-only', `${ok}<property>RO</property>`, { state: 'fault', raw: 'ok, read-only' }],
    ['no capacity', `${ok}<capacity>0</capacity>`, { state: 'fault', raw: 'ok, no capacity' }],
    ['capacity not told', ok, { state: 'ok' }],
    ['no status', '<capacity>5</capacity>', { state: 'unknown' }],
    ['an unknown word', '<status>dreaming</status>', { state: 'unknown', raw: 'dreaming' }],
    ['empty bay', '<status>notexist</status>', { state: 'fault', bayEmpty: true }],
    [
      'bytes instead of MB',
      '<status>normal</status><size>4000787030016</size><freeSize>1048576000</freeSize>',
      { state: 'ok', capacityMb: 3_815_448, freeMb: 1000 },
    ],
    ['a 16 TB disk stays MB', `${ok}<capacity>15259648</capacity>`, { capacityMb: 15_259_648 }],
  ])('%s', (_, inner, expected) => {
    expect(hdd(inner)?.[0]).toMatchObject(expected)
  })

  test.each([
    ['an empty list is an answer', '<storage><hddList></hddList></storage>', []],
    ['no list at all', '<Storage/>', []],
    ['capital letters', '<Storage><hddList><HDD><id>2</id></HDD></hddList></Storage>', ['disk:2']],
    [
      'a network share beside',
      '<storage><hddList/><nasList><nas><id>1</id><status>ok</status></nas></nasList></storage>',
      ['disk:nas-1'],
    ],
    ['a disk without a number', '<hddList><hdd><status>ok</status></hdd></hddList>', []],
    ['another page', '<html><hddList/></html>', undefined],
  ])('%s', (_, body, parts) => {
    expect(parseStorage(xml(body))?.map(({ part }) => part)).toEqual(parts)
  })
})

describe('channels', () => {
  test('status of IP channels', () => {
    expect(parseProxyStatus(isapiFile('inputproxy-channels-status'))).toEqual([
      { id: 1, online: true, empty: false, raw: 'connect' },
      { id: 2, online: false, empty: false, raw: 'errorUserNameOrPasswd' },
      { id: 3, online: false, empty: false, raw: 'netUnreachable' },
      { id: 4, online: false, empty: true, raw: 'notExist' },
    ])
  })

  test('online is never guessed from an address', () => {
    const one =
      '<InputProxyChannelStatus><id>7</id><sourceInputPortDescriptor><ipAddress>192.0.2.7</ipAddress></sourceInputPortDescriptor></InputProxyChannelStatus>'
    expect(parseProxyStatus(xml(one))).toEqual([{ id: 7, online: undefined, empty: false }])
  })

  test('an address of zeros is an empty slot', () => {
    const one =
      '<InputProxyChannelStatus><id>7</id><sourceInputPortDescriptor><ipAddress>0.0.0.0</ipAddress></sourceInputPortDescriptor><online>false</online></InputProxyChannelStatus>'
    expect(parseProxyStatus(xml(one))?.[0]?.empty).toBe(true)
  })

  test('names, also with a bare ampersand', () => {
    expect(parseProxyNames(isapiFile('inputproxy-channels'))).toEqual([
      { id: 1, label: 'Gate' },
      { id: 2, label: 'Cash & Till' },
    ])
    const bare =
      '<InputProxyChannelList><InputProxyChannel><id>1</id><name>A & B &amp; C</name></InputProxyChannel></InputProxyChannelList>'
    expect(parseProxyNames(xml(bare))).toEqual([{ id: 1, label: 'A & B & C' }])
  })

  test('analog inputs', () => {
    expect(parseVideoInputs(isapiFile('video-inputs-channels-dvr'))).toEqual([
      { id: 1, name: 'Camera 01', signal: false, raw: 'NO VIDEO' },
      { id: 2, signal: true, raw: '1280*720(HD720P)P25' },
    ])
  })
})

describe('time', () => {
  test.each([
    ['CST-7:00:00', { offsetMinutes: 420, hasSummerTime: false }],
    ['CST+5:30:00', { offsetMinutes: -330, hasSummerTime: false }],
    ['CST-0:00:00', { offsetMinutes: 0, hasSummerTime: false }],
    ['GMT0', { offsetMinutes: 0, hasSummerTime: false }],
    [
      'CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00',
      { offsetMinutes: 60, hasSummerTime: true },
    ],
    ['', undefined],
    ['Asia/Ho_Chi_Minh', undefined],
  ])('zone %s', (text, zone) => {
    expect(parseZone(text)).toEqual(zone)
  })

  test('the time page', () => {
    expect(parseTime(isapiFile('time-ntp-dst'))).toEqual({
      localTime: '2026-07-02T17:08:16+02:00',
      zone: { offsetMinutes: 60, hasSummerTime: true },
    })
  })

  const at = (text: string) => Date.parse(text)
  const vietnam = { offsetMinutes: 420, hasSummerTime: false }
  test.each([
    ['2026-11-20T10:15:03+07:00', undefined, at('2026-11-20T03:15:03Z')],
    ['2026-11-20T10:15:03-8:00', undefined, at('2026-11-20T18:15:03Z')],
    ['2026-11-20 10:15:03', vietnam, at('2026-11-20T03:15:03Z')],
    ['2026-11-20T10:15:03', undefined, undefined],
    ['2026-11-20T10:15:03Z', vietnam, at('2026-11-20T10:15:03Z')],
    ['2024-01-22T11:46:3100:00', vietnam, undefined],
    ['2026-13-40T10:15:03Z', undefined, undefined],
  ])('%s is read', (text, zone, expected) => {
    expect(readInstant(text, zone)).toBe(expected)
  })

  const summer = { offsetMinutes: 60, hasSummerTime: true }
  test.each([
    ['right', 2, summer, 2],
    ['an hour ahead with summer time', 3602, summer, 2],
    ['an hour behind with summer time', -3598, summer, 2],
    ['an hour ahead without summer time', 3602, vietnam, 3602],
    ['half an hour off with summer time', 1800, summer, 1800],
    ['an hour and three minutes with summer time', 3780, summer, 3780],
    ['a minute and a half', 90, summer, 90],
    ['no zone', 3600, undefined, 3600],
  ])('drift: %s', (_, seconds, zone, expected) => {
    expect(driftSeconds(seconds * 1000, 0, zone)).toBe(expected)
  })
})

describe('bodies that are not XML', () => {
  test.each([
    ['nothing', ''],
    ['cut off', '<storage><hddList><hdd><id>1</id>'],
    ['an error page', '<html><body><br>Oops</body></html>'],
    ['text', 'Device busy'],
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['JSON', '{"a":1}'],
  ])('%s', (_, body) => {
    expect(parseXml(body)).toBeUndefined()
  })

  test('namespaces do not matter', () => {
    const node = xml('<x:storage xmlns:x="urn:a"><x:hddList/></x:storage>')
    expect(parseStorage(node)).toEqual([])
  })
})
