import type { Measurement } from '../contract/wire/measures.ts'

/** Four steps, everywhere the same. */
export const severities = ['critical', 'high', 'medium', 'low'] as const
export type Severity = (typeof severities)[number]

/** True when `a` is worse than `b`. */
export const isWorse = (a: Severity, b: Severity): boolean =>
  severities.indexOf(a) < severities.indexOf(b)

type Fault = {
  /** Who judges it; nobody else re-judges it. */
  authority: 'agent' | 'hub'
  severity: Severity
  /** How long it must last before it counts, and how long it must be gone before it ends. */
  holdMs: number
  clearMs: number
  /** The kind of part it stands on. */
  on: Measurement
  vi: string
  en: string
  /** What to do first, for who stands before it. */
  firstStepVi: string
  firstStepEn: string
}

/**
 * The fault catalogue. Thresholds and holds follow the field's monitors (Zabbix CCTV templates,
 * smplwise CR-026, nut_exporter) and TALQ's names for lighting. A change of meaning raises
 * `rulesVersion`.
 */
export const faults = {
  'agent-silent': {
    authority: 'hub',
    severity: 'critical',
    holdMs: 180_000,
    clearMs: 0,
    on: 'agent',
    vi: 'Bộ giám sát không báo về',
    en: 'Agent is silent',
    firstStepVi: 'Kiểm tra điện, đường truyền và SIM tại điểm đặt bộ giám sát.',
    firstStepEn: 'Check power, line and SIM at the site.',
  },
  'recorder-unreachable': {
    authority: 'agent',
    severity: 'critical',
    holdMs: 120_000,
    clearMs: 120_000,
    on: 'recorder',
    vi: 'Đầu ghi không trả lời',
    en: 'Recorder does not answer',
    firstStepVi: 'Kiểm tra nguồn và dây mạng của đầu ghi.',
    firstStepEn: "Check the recorder's power and network cable.",
  },
  'credentials-rejected': {
    authority: 'agent',
    severity: 'high',
    holdMs: 0,
    clearMs: 0,
    on: 'recorder',
    vi: 'Đầu ghi từ chối mật khẩu',
    en: 'Recorder refuses the password',
    firstStepVi: 'Nhập lại mật khẩu tại bộ giám sát; không thử nhiều lần, đầu ghi sẽ khóa.',
    firstStepEn: 'Enter the password again at the agent; do not keep trying, the recorder locks.',
  },
  'channel-offline': {
    authority: 'agent',
    severity: 'high',
    holdMs: 180_000,
    clearMs: 120_000,
    on: 'camera',
    vi: 'Camera mất kết nối',
    en: 'Camera is offline',
    firstStepVi: 'Kiểm tra nguồn, dây mạng và công tắc PoE của camera.',
    firstStepEn: "Check the camera's power, cable and PoE switch.",
  },
  'disk-fault': {
    authority: 'agent',
    severity: 'critical',
    holdMs: 60_000,
    clearMs: 120_000,
    on: 'disk',
    vi: 'Ổ cứng hỏng hoặc thiếu',
    en: 'Disk is faulty or missing',
    firstStepVi: 'Xem trạng thái ổ tại đầu ghi; kiểm tra bảo hành rồi thay ổ.',
    firstStepEn: 'Look at the disk state on the recorder; check the warranty, then replace it.',
  },
  'ups-on-battery': {
    authority: 'agent',
    severity: 'high',
    holdMs: 20_000,
    clearMs: 60_000,
    on: 'ups',
    vi: 'Đang dùng ắc quy, mất điện lưới',
    en: 'On battery, mains power is out',
    firstStepVi: 'Hỏi điện lực về lịch cắt điện; xem thời gian ắc quy còn lại.',
    firstStepEn: 'Ask the power company; watch the battery time left.',
  },
  'ups-unmonitored': {
    authority: 'agent',
    severity: 'medium',
    holdMs: 120_000,
    clearMs: 60_000,
    on: 'ups',
    vi: 'Không đọc được bộ lưu điện',
    en: 'UPS cannot be read',
    firstStepVi: 'Kiểm tra dây USB và dịch vụ đọc bộ lưu điện.',
    firstStepEn: 'Check the USB cable and the UPS service.',
  },
  'lights-not-burning': {
    authority: 'agent',
    severity: 'critical',
    holdMs: 60_000,
    clearMs: 60_000,
    on: 'circuit',
    vi: 'Lộ không sáng',
    en: 'Circuit is dark',
    firstStepVi: 'Kiểm tra aptomat, công tắc tơ và cáp ra của lộ.',
    firstStepEn: "Check the circuit's breaker, contactor and outgoing cable.",
  },
  'day-burning': {
    authority: 'agent',
    severity: 'high',
    holdMs: 600_000,
    clearMs: 300_000,
    on: 'circuit',
    vi: 'Đèn sáng ban ngày',
    en: 'Lights burn by day',
    firstStepVi: 'Kiểm tra công tắc HAND/AUTO và công tắc tơ dính tiếp điểm.',
    firstStepEn: 'Check the HAND/AUTO switch and a welded contactor.',
  },
  'meter-unreachable': {
    authority: 'agent',
    severity: 'medium',
    holdMs: 300_000,
    clearMs: 60_000,
    on: 'cabinet',
    vi: 'Không đọc được công tơ hoặc rơ-le của tủ',
    en: 'Meter or relays of the cabinet cannot be read',
    firstStepVi: 'Kiểm tra dây RS-485 hoặc bộ chuyển mạng trong tủ.',
    firstStepEn: 'Check the RS-485 line or the network gateway in the cabinet.',
  },
} as const satisfies Record<string, Fault>

export type FaultCode = keyof typeof faults

/** Version of the rules as a whole; travels with every set of conditions. */
export const rulesVersion = 1

export const isFaultCode = (code: string): code is FaultCode => Object.hasOwn(faults, code)
