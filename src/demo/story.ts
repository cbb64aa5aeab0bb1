/** What happens while you look: a story in rounds, pure data; the teller carries it out. */
import { type AgentPlan, communes, recorderPlans } from './province.ts'
import type { Trouble } from './world.ts'

/** What the lights do at this moment decides what can go wrong with them. */
export type LightHour = 'burning' | 'broad-day' | 'between'

export type Chapter = {
  /** Seconds after the beginning of the round. */
  afterS: number
  do: 'begin' | 'end'
  trouble: Trouble
  vi: string
  en: string
  /** Where to look in the console. */
  seeVi: string
  seeEn: string
  /** The agent is asked to look at everything again, as by a person who cannot wait. */
  lookAgain?: boolean
}

export const roundS = 600

const at = <T>(list: readonly T[], round: number): T => {
  const one = list[round % list.length]
  if (one === undefined) throw new RangeError('there is nothing to tell about')
  return one
}

const communeName = (key: string): string => communes.find((one) => one.key === key)?.name ?? key

const alerts = (commune: string) => ({
  seeVi: `Cảnh báo – ${communeName(commune)}`,
  seeEn: 'Alerts',
})
type Told = Omit<Chapter, 'afterS' | 'do' | 'trouble'>

const both = (
  trouble: Trouble,
  [fromS, toS]: [number, number],
  [begin, end]: [Told, Told],
): Chapter[] => [
  { afterS: fromS, do: 'begin', trouble, ...begin },
  { afterS: toS, do: 'end', trouble, ...end },
]

function cameraDrops(round: number): Chapter[] {
  const plan = at(recorderPlans, round * 5)
  const channel = 1 + ((round * 3) % plan.cameras.length)
  const name = plan.cameras[channel - 1] ?? ''
  const see = alerts(plan.commune)
  return both(
    { kind: 'camera', agentId: plan.agentId, channel },
    [15, 300],
    [
      { vi: `Camera “${name}” mất kết nối`, en: `camera “${name}” drops out`, ...see },
      { vi: `Camera “${name}” có lại hình`, en: `camera “${name}” is back`, ...see },
    ],
  )
}

function diskFails(round: number): Chapter[] {
  const plan = at(recorderPlans, round * 5 + 8)
  const see = alerts(plan.commune)
  const fault = { vi: `${plan.name}: hỏng ổ cứng`, en: 'a disk of this recorder fails' }
  const mended = { vi: `${plan.name}: đã thay ổ cứng`, en: 'the disk was replaced' }
  return both(
    { kind: 'disk', agentId: plan.agentId, disk: plan.disks },
    [45, 450],
    [
      { ...fault, ...see, lookAgain: true },
      { ...mended, ...see, lookAgain: true },
    ],
  )
}

/** Told to burn and dark, or told to be off and lit; at dusk and dawn only the meter can fail. */
function lightsFail(round: number, cabinet: AgentPlan, hour: LightHour): Chapter[] {
  const { agentId, name, commune } = cabinet
  const see = alerts(commune)
  const part = cabinet.kind === 'cabinet' ? at(cabinet.circuits, round).part : ''
  const times: [number, number] = [80, 480]
  const mended = { vi: `${name}: đã sửa xong`, en: 'the cabinet was mended', ...see }
  if (hour === 'burning') {
    const vi = `${name}: một lộ không sáng (nhảy aptomat)`
    return both({ kind: 'breaker', agentId, part }, times, [
      { vi, en: 'a circuit is dark at night (breaker out)', ...see },
      mended,
    ])
  }
  if (hour === 'broad-day') {
    const vi = `${name}: đèn sáng ban ngày (dính công tắc tơ)`
    return both({ kind: 'welded', agentId, part }, times, [
      { vi, en: 'lights burn by day (welded contactor)', ...see },
      mended,
    ])
  }
  return both({ kind: 'meter', agentId }, times, [
    { vi: `${name}: không đọc được công tơ`, en: 'the meter does not answer', ...see },
    mended,
  ])
}

function powerFails(round: number, plans: readonly AgentPlan[]): Chapter[] {
  const commune = at(['hoa-lac', 'dong-ha', 'an-binh'], round)
  const agentIds = plans.filter((one) => one.commune === commune).map((one) => one.agentId)
  const name = communeName(commune)
  const see = alerts(commune)
  return both(
    { kind: 'mains', agentIds },
    [140, 390],
    [
      {
        vi: `${name} mất điện lưới: bộ lưu điện chạy ắc quy, sau 3 phút các điểm khác im lặng`,
        en: 'mains is out: UPS on battery, after 3 minutes the other sites are silent',
        ...see,
      },
      { vi: `${name} có điện lại`, en: 'mains is back', ...see },
    ],
  )
}

/** One round of the story, in order. */
export function chaptersOf(
  round: number,
  about: { plans: readonly AgentPlan[]; cabinet: AgentPlan; hour: LightHour },
): Chapter[] {
  return [
    ...cameraDrops(round),
    ...diskFails(round),
    ...lightsFail(round, about.cabinet, about.hour),
    ...powerFails(round, about.plans),
  ].sort((a, b) => a.afterS - b.afterS)
}
