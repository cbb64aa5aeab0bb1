import type { PhaseName } from '../faults/cabinet.ts'

/**
 * The little province of the demo, as data: where its people, recorders, cabinets and UPSs are.
 * Names and places are made up; the coordinates lie along one river.
 */
export type AreaPlan = {
  key: string
  parent: string | null
  code: string
  name: string
  kind: 'province' | 'commune' | 'ward' | 'hamlet' | 'group'
}

export type RecorderPlan = {
  kind: 'recorder'
  agentId: string
  commune: string
  area: string
  site: string
  lat: number
  lon: number
  name: string
  serial: string
  model: string
  cameras: readonly string[]
  disks: number
  ups: boolean
}

export type CircuitPlan = {
  part: string
  label: string
  coil: number
  phases: readonly PhaseName[]
  lamps: number
  lampW: number
}

export type CabinetPlan = {
  kind: 'cabinet'
  agentId: string
  commune: string
  area: string
  site: string
  lat: number
  lon: number
  name: string
  circuits: readonly CircuitPlan[]
}

export type AgentPlan = RecorderPlan | CabinetPlan

const commune = (
  key: string,
  about: { code: string; name: string; kind: 'commune' | 'ward' },
  parts: readonly string[],
): AreaPlan[] => [
  { key, parent: 'tinh', ...about },
  ...parts.map((name, index) => ({
    key: `${key}/${index}`,
    parent: key,
    code: `${about.code}-${String(index + 1).padStart(2, '0')}`,
    name,
    kind: about.kind === 'ward' ? ('group' as const) : ('hamlet' as const),
  })),
]

export const areas: readonly AreaPlan[] = [
  { key: 'tinh', parent: null, code: '38', name: 'Tỉnh Lam Giang', kind: 'province' },
  ...commune('an-binh', { code: '38-101', name: 'Xã An Bình', kind: 'commune' }, [
    'Thôn Đông',
    'Thôn Trung Hòa',
    'Thôn Bến Đò',
  ]),
  ...commune('hoa-lac', { code: '38-102', name: 'Xã Hòa Lạc', kind: 'commune' }, [
    'Thôn Đoài',
    'Thôn Làng Nghề',
    'Xóm Mới',
  ]),
  ...commune('dong-ha', { code: '38-201', name: 'Phường Đông Hà', kind: 'ward' }, [
    'Tổ dân phố 1',
    'Tổ dân phố 4',
    'Tổ dân phố 7',
  ]),
]

const centres: Record<string, [lat: number, lon: number]> = {
  'an-binh': [18.721, 105.628],
  'hoa-lac': [18.664, 105.701],
  'dong-ha': [18.693, 105.671],
}

/** Spots around the middle of a commune, in turns of a spiral. */
function spot(key: string, index: number): { lat: number; lon: number } {
  const [lat, lon] = centres[key] ?? [18.68, 105.68]
  const angle = index * 2.4
  const far = 0.004 + 0.0016 * index
  const round = (value: number) => Math.round(value * 1e5) / 1e5
  return { lat: round(lat + far * Math.sin(angle)), lon: round(lon + far * Math.cos(angle)) }
}

type Site = {
  name: string
  hamlet: number
  cameras: readonly string[]
  ups?: boolean
  disks?: number
}

const common = ['Cổng chính', 'Sân trước', 'Nhà để xe', 'Đường vào', 'Ngõ sau', 'Cột đèn số 3']

const sites: Record<string, readonly Site[]> = {
  'an-binh': [
    {
      name: 'UBND xã An Bình',
      hamlet: 1,
      ups: true,
      disks: 2,
      cameras: [
        'Ngã tư Chợ',
        'Cổng UBND xã',
        'Sân UBND',
        'Trạm y tế',
        'Bưu điện văn hóa',
        'Ngã ba Cây Đa',
        'Đường tỉnh 534 – km 12',
        'Cầu An Bình',
        'Nhà văn hóa thôn Trung Hòa',
        'Cổng chợ phía Bắc',
        'Cổng chợ phía Nam',
        'Bãi xe chợ',
        'Trường mầm non',
        'Quỹ tín dụng',
      ],
    },
    {
      name: 'Trường THCS An Bình',
      hamlet: 0,
      cameras: ['Cổng trường THCS', 'Ngã ba Đình', 'Đường làng Đông', 'Cầu Máng', ...common],
    },
    {
      name: 'Nhà văn hóa thôn Đông',
      hamlet: 0,
      cameras: ['Đầu thôn Đông', 'Cuối thôn Đông', 'Giếng làng', 'Ao Đình', ...common.slice(0, 4)],
    },
    {
      name: 'Bến đò An Bình',
      hamlet: 2,
      ups: true,
      cameras: ['Bến đò', 'Dốc đê', 'Kè sông', 'Điếm canh đê', 'Trạm bơm', ...common.slice(0, 4)],
    },
  ],
  'hoa-lac': [
    {
      name: 'Công an xã Hòa Lạc',
      hamlet: 0,
      ups: true,
      disks: 2,
      cameras: [
        'Cổng Công an xã',
        'Ngã tư Hòa Lạc',
        'Ngã ba Bưu điện',
        'Cầu Đen',
        'Chợ Hòa Lạc',
        'Trường tiểu học số 1',
        'Trường tiểu học số 2',
        'Đường liên xã – Cây xăng',
        'Giáp ranh xã An Bình',
        'Nghĩa trang liệt sĩ',
        'Sân bóng xã',
        'Trạm biến áp 2',
      ],
    },
    {
      name: 'Cụm làng nghề',
      hamlet: 1,
      cameras: [
        'Cổng làng nghề',
        'Kho nguyên liệu',
        'Bãi tập kết gỗ',
        'Trạm cân',
        'Bể xử lý nước',
        ...common,
      ],
    },
    {
      name: 'Nhà văn hóa Xóm Mới',
      hamlet: 2,
      cameras: [
        'Đầu Xóm Mới',
        'Ngã ba Lò Gạch',
        'Đập tràn',
        'Đường ra đồng',
        ...common.slice(0, 4),
      ],
    },
    {
      name: 'Trạm y tế Hòa Lạc',
      hamlet: 0,
      cameras: ['Cổng trạm y tế', 'Phòng chờ', 'Nhà thuốc', 'Lối cấp cứu', ...common.slice(0, 4)],
    },
  ],
  'dong-ha': [
    {
      name: 'UBND phường Đông Hà',
      hamlet: 0,
      ups: true,
      disks: 2,
      cameras: [
        'Ngã tư Trần Phú – Lê Lợi',
        'Vòng xuyến Bến xe',
        'Chợ Đông Hà – cổng 1',
        'Chợ Đông Hà – cổng 2',
        'Cầu vượt Đông Hà',
        'Trường THPT Đông Hà',
        'Công viên bờ sông',
        'Bệnh viện đa khoa – cổng A',
        'Bệnh viện đa khoa – cổng B',
        'Phố đi bộ – đầu phố',
        'Phố đi bộ – cuối phố',
        'Ngõ 27 Lê Lợi',
        'Ngõ 63 Trần Phú',
        'Bãi xe trung tâm',
        'Trụ sở tiếp dân',
        'Quảng trường',
      ],
    },
    {
      name: 'Bến xe Đông Hà',
      hamlet: 1,
      cameras: [
        'Cổng vào bến',
        'Cổng ra bến',
        'Sân đỗ A',
        'Sân đỗ B',
        'Phòng vé',
        'Ngã ba Bến xe',
        ...common,
      ],
    },
    {
      name: 'Trường THPT Đông Hà',
      hamlet: 1,
      cameras: ['Cổng trường', 'Sân trường', 'Nhà xe học sinh', 'Ngõ bên trường', ...common],
    },
    {
      name: 'Nhà văn hóa tổ 7',
      hamlet: 2,
      cameras: [
        'Đầu ngõ 112',
        'Cuối ngõ 112',
        'Hồ điều hòa',
        'Sân chơi tổ 7',
        ...common.slice(0, 4),
      ],
    },
  ],
}

const models = ['DS-7616NXI-K2/16P', 'DS-7716NXI-I4/S', 'DS-7608NXI-I2/8P/S']

function recordersOf(key: string, first: number): RecorderPlan[] {
  return (sites[key] ?? []).map((site, index) => {
    const number = String(first + index).padStart(2, '0')
    return {
      kind: 'recorder',
      agentId: `dg-${key}-${number}`,
      commune: key,
      area: `${key}/${site.hamlet}`,
      site: site.name,
      ...spot(key, index),
      name: `Đầu ghi ${site.name}`,
      serial: `DS7600DEMO${number}A`,
      model: models[(first + index) % models.length] ?? 'DS-7608NXI-I2/8P/S',
      cameras: site.cameras,
      disks: site.disks ?? 1,
      ups: site.ups ?? false,
    }
  })
}

const roads: Record<string, readonly [road: string, hamlet: number, circuits: number][]> = {
  'an-binh': [
    ['Đường trục xã', 1, 3],
    ['Đường thôn Đông', 0, 2],
    ['Đường đê Bến Đò', 2, 2],
  ],
  'hoa-lac': [
    ['Đường liên xã', 0, 3],
    ['Đường làng nghề', 1, 2],
    ['Đường Xóm Mới', 2, 2],
  ],
  'dong-ha': [
    ['Phố Lê Lợi', 0, 3],
    ['Phố Trần Phú', 0, 3],
    ['Đường bờ sông', 1, 2],
    ['Khu tổ 7', 2, 2],
  ],
}

const phasesFor = (circuits: number, index: number): readonly PhaseName[] => {
  if (circuits === 3) return [(['A', 'B', 'C'] as const)[index] ?? 'A']
  return index === 0 ? ['A', 'B'] : ['C']
}

const sideNames = ['bên trái', 'bên phải', 'nhánh rẽ']

function cabinetsOf(key: string, first: number): CabinetPlan[] {
  return (roads[key] ?? []).map(([road, hamlet, count], index) => {
    const number = first + index
    const circuits = Array.from({ length: count }, (_, at) => ({
      part: `circuit:${at + 1}`,
      label: `Lộ ${at + 1} tủ ${number} – ${road}, ${sideNames[at] ?? 'nhánh'}`,
      coil: at,
      phases: phasesFor(count, at),
      lamps: 14 + ((number * 7 + at * 5) % 16),
      lampW: key === 'dong-ha' ? 120 : 80,
    }))
    return {
      kind: 'cabinet',
      agentId: `tu-${key}-${String(number).padStart(2, '0')}`,
      commune: key,
      area: `${key}/${hamlet}`,
      site: `Tủ ${number} ${road}`,
      ...spot(key, index + 5),
      name: `Tủ ${number} – ${road}`,
      circuits,
    }
  })
}

export const agentPlans: readonly AgentPlan[] = [
  ...recordersOf('an-binh', 1),
  ...recordersOf('hoa-lac', 5),
  ...recordersOf('dong-ha', 9),
  ...cabinetsOf('an-binh', 1),
  ...cabinetsOf('hoa-lac', 4),
  ...cabinetsOf('dong-ha', 7),
]

export const recorderPlans = agentPlans.filter((one) => one.kind === 'recorder')
export const cabinetPlans = agentPlans.filter((one) => one.kind === 'cabinet')

export const communes: readonly AreaPlan[] = areas.filter((area) => area.parent === 'tinh')

/** The one password of all demo users; printed, and good for nothing else. */
export const demoPassword = 'den-sang-2026'

export type UserPlan = {
  username: string
  name: string
  role: 'technician' | 'officer' | 'scheduler' | 'manager' | 'viewer'
  /** Key of the area; all below it belongs to it. */
  area: string
  about: string
}

export const userPlans: readonly UserPlan[] = [
  {
    username: 'kythuat',
    name: 'Trần Văn Nam',
    role: 'technician',
    area: 'tinh',
    about: 'kỹ thuật viên nhà thầu · technician',
  },
  {
    username: 'canbo',
    name: 'Nguyễn Thị Hòa',
    role: 'officer',
    area: 'an-binh',
    about: 'cán bộ xã An Bình · officer of one commune',
  },
  {
    username: 'laplich',
    name: 'Lê Quang Minh',
    role: 'scheduler',
    area: 'tinh',
    about: 'người lập lịch chiếu sáng · lighting scheduler',
  },
  {
    username: 'quanly',
    name: 'Phạm Thu Hà',
    role: 'manager',
    area: 'tinh',
    about: 'quản lý · manager',
  },
  { username: 'xem', name: 'Khách xem', role: 'viewer', area: 'tinh', about: 'chỉ xem · viewer' },
]
