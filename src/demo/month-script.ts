import { days, hours, minutes } from '../core/clock.ts'
import { type Chance, createChance } from './chance.ts'
import type { AgentPlan, CabinetPlan, RecorderPlan } from './province.ts'
import type { Trouble } from './world.ts'

/** What happens in the month before you look, as a list in the order of time. */
export type Deed = { at: number } & (
  | { do: 'begin' | 'end'; trouble: Trouble }
  /** A new device in the place of a broken one. */
  | { do: 'fit'; agentId: string; unit: string; part: string; model: string }
  /** A new board with the agent: what the old one remembered is gone. */
  | { do: 'replace-agent'; agentId: string }
  | { do: 'resolve'; agentId: string; unit: string; part: string; code: string; note: string }
  | { do: 'publish'; area: string; program: 'province' | 'commune' | 'saving' }
)

type Span = { from: number; to: number }
type World = {
  span: Span
  chance: Chance
  recorders: RecorderPlan[]
  cabinets: CabinetPlan[]
  plans: readonly AgentPlan[]
}

const zone = 'Asia/Ho_Chi_Minh'
const hourAt = (at: number): number => {
  const { hour, minute } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
  return hour + minute / 60
}

/** The next moment at or after `at` with this hour (and fraction) in Viet Nam. */
export function nextHour(at: number, hour: number): number {
  const waitH = (((hour - hourAt(at)) % 24) + 24) % 24
  return Math.round((at + hours(waitH)) / 60_000) * 60_000
}

/** So many in thirty days, at least `least`, at most `most`. */
const countFor = ({ from, to }: Span, perMonth: number, least: number): number =>
  Math.max(least, Math.round((perMonth * (to - from)) / days(30)))

const shuffled = <T>(list: readonly T[], chance: Chance): T[] =>
  list
    .map((one) => ({ one, order: chance.next() }))
    .sort((a, b) => a.order - b.order)
    .map(({ one }) => one)

const lasting = (trouble: Trouble, from: number, lastsMs: number): Deed[] => [
  { at: from, do: 'begin', trouble },
  { at: from + lastsMs, do: 'end', trouble },
]

/** A moment that leaves `roomMs` before the end of the span. */
const momentIn = ({ span, chance }: World, roomMs: number): number => {
  const first = span.from + hours(5)
  return Math.round(chance.between(first, Math.max(first + 1, span.to - roomMs)))
}

/** Most cameras come back within hours; some wait for a part. */
function camerasDrop(world: World): Deed[] {
  const { span, chance, plans } = world
  const all = plans.flatMap((plan) =>
    plan.kind === 'recorder'
      ? plan.cameras.map((_, at) => ({ agentId: plan.agentId, channel: at + 1 }))
      : [],
  )
  const some = shuffled(all, chance).slice(0, countFor(span, 18, 3))
  const [open, ...ended] = some.map((one) => ({ kind: 'camera' as const, ...one }))
  const deeds = ended.flatMap((trouble, index) => {
    const isLong = index % 4 === 3
    const lastsMs = isLong
      ? chance.between(hours(9), hours(30))
      : chance.between(minutes(12), hours(5))
    const from = momentIn(world, lastsMs + hours(2))
    const { agentId, channel } = trouble
    const swap = { agentId, unit: 'nvr1', part: `ch:${channel}`, model: 'DS-2CD2T47G2-L' }
    const end = Math.min(from + lastsMs, span.to - hours(1))
    return [
      ...lasting(trouble, from, end - from),
      ...(isLong ? [{ at: end, do: 'fit' as const, ...swap }] : []),
    ]
  })
  return open ? [...deeds, { at: span.to - hours(4.6), do: 'begin', trouble: open }] : deeds
}

function disksFail(world: World): Deed[] {
  const { span, chance, recorders } = world
  const deeds: Deed[] = []
  for (let n = countFor(span, 4, 1); n > 0; n -= 1) {
    const { agentId, disks } = recorders.shift() ?? {}
    if (agentId === undefined || disks === undefined) break
    const trouble = { kind: 'disk' as const, agentId, disk: disks }
    const lastsMs = Math.min(chance.between(hours(5), hours(60)), (span.to - span.from) / 3)
    const from = momentIn(world, lastsMs + hours(2))
    deeds.push(...lasting(trouble, from, lastsMs))
    deeds.push({
      at: from + lastsMs,
      do: 'fit',
      agentId,
      unit: 'nvr1',
      part: '',
      model: 'Đầu ghi với ổ ST4000VX016 mới',
    })
  }
  const left = recorders.shift()
  if (left) {
    const trouble = { kind: 'disk' as const, agentId: left.agentId, disk: 1 }
    deeds.push({ at: span.to - hours(19.3), do: 'begin', trouble })
  }
  return deeds
}

/** A disk fails, the recorder goes to the workshop, its board is exchanged: a person closes it. */
function workshop({ span, recorders }: World): Deed[] {
  const plan = recorders.shift()
  const lengthMs = span.to - span.from
  if (!plan || lengthMs < days(2)) return []
  const { agentId } = plan
  const from = span.from + 0.3 * lengthMs
  const at = (h: number) => Math.round(from + hours(h))
  return [
    ...lasting({ kind: 'disk', agentId, disk: 1 }, at(0), hours(21)),
    ...lasting({ kind: 'recorder', agentId }, at(7), hours(14)),
    { at: at(8), do: 'replace-agent', agentId },
    {
      at: at(9),
      do: 'resolve',
      agentId,
      unit: 'nvr1',
      part: 'disk:1',
      code: 'disk-fault',
      note: 'Đã mang đầu ghi về xưởng thay ổ cứng.',
    },
    { at: at(21), do: 'fit', agentId, unit: 'nvr1', part: '', model: 'Đầu ghi sau sửa chữa' },
  ]
}

function recordersHang(world: World): Deed[] {
  const { span, chance, recorders } = world
  return recorders.splice(0, countFor(span, 3, 1)).flatMap(({ agentId }) => {
    const lastsMs = chance.between(minutes(25), hours(5))
    return lasting({ kind: 'recorder', agentId }, momentIn(world, lastsMs + hours(2)), lastsMs)
  })
}

/** One evening a whole commune is dark; other days a single site. */
function powerCuts(world: World): Deed[] {
  const { span, chance, plans } = world
  const agentIds = plans.filter((one) => one.commune === 'hoa-lac').map((one) => one.agentId)
  const evening = nextHour(span.from + 0.55 * (span.to - span.from), 19 + 1 / 3)
  const lastsMs = hours(2) + minutes(10)
  const isRoom = evening + lastsMs < span.to - hours(2)
  const from = isRoom ? evening : span.from + 0.55 * (span.to - span.from)
  const single = shuffled(plans, chance).slice(0, countFor(span, 3, 0))
  return [
    ...lasting({ kind: 'mains', agentIds }, from, lastsMs),
    ...single.flatMap((plan) => {
      const briefMs = chance.between(minutes(12), minutes(70))
      const trouble = { kind: 'mains' as const, agentIds: [plan.agentId] }
      return lasting(trouble, momentIn(world, hours(3)), briefMs)
    }),
  ]
}

/** Circuits go dark in the evening and are mended by day; welded contactors burn into the day. */
function lightsFail(world: World): Deed[] {
  const { span, chance, cabinets } = world
  const spots = shuffled(
    cabinets.flatMap(({ agentId, circuits }) => circuits.map(({ part }) => ({ agentId, part }))),
    chance,
  )
  const dark = spots.splice(0, countFor(span, 5, 1)).flatMap((spot) => {
    const from = nextHour(momentIn(world, hours(40)), chance.between(18.6, 22))
    const mended = nextHour(from + days(Math.floor(chance.between(0, 2.2))), chance.between(8, 11))
    const to = Math.min(mended, span.to - hours(1))
    return to > from ? lasting({ kind: 'breaker', ...spot }, from, to - from) : []
  })
  const lit = spots.splice(0, countFor(span, 3, 1)).flatMap((spot) => {
    const from = nextHour(momentIn(world, hours(34)), chance.between(2, 4))
    const to = Math.min(nextHour(from, chance.between(9, 15)), span.to - hours(1))
    return to > from ? lasting({ kind: 'welded', ...spot }, from, to - from) : []
  })
  return [...dark, ...lit]
}

function linesFail(world: World): Deed[] {
  const { span, chance, cabinets, plans } = world
  const meters = shuffled(cabinets, chance).slice(0, countFor(span, 2, 0))
  const upses = plans.filter((one) => one.kind === 'recorder' && one.ups)
  const drivers = upses.slice(0, countFor(span, 1, 0))
  const one = (trouble: Trouble, lastsMs: number) =>
    lasting(trouble, momentIn(world, lastsMs + hours(2)), lastsMs)
  return [
    ...meters.flatMap(({ agentId }) =>
      one({ kind: 'meter', agentId }, chance.between(hours(3), hours(20))),
    ),
    ...drivers.flatMap(({ agentId }) =>
      one({ kind: 'ups-driver', agentId }, chance.between(hours(20), hours(40))),
    ),
  ]
}

function programs({ span }: World): Deed[] {
  const start = span.from + minutes(20)
  const later = span.from + 0.6 * (span.to - span.from)
  return [
    { at: start, do: 'publish', area: 'tinh', program: 'province' },
    { at: start, do: 'publish', area: 'an-binh', program: 'commune' },
    { at: nextHour(later, 9.5), do: 'publish', area: 'an-binh', program: 'saving' },
  ]
}

/** Everything that happens between `from` and `to`, in order. Pure: a seed tells one story. */
export function monthScript(span: Span, plans: readonly AgentPlan[], seed = 7): Deed[] {
  const chance = createChance(seed)
  const world: World = {
    span,
    chance,
    plans,
    recorders: shuffled(
      plans.filter((one) => one.kind === 'recorder'),
      chance,
    ),
    cabinets: plans.filter((one) => one.kind === 'cabinet'),
  }
  const deeds = [
    ...programs(world),
    ...workshop(world),
    ...disksFail(world),
    ...recordersHang(world),
    ...camerasDrop(world),
    ...powerCuts(world),
    ...lightsFail(world),
    ...linesFail(world),
  ]
  return deeds
    .filter(({ at }) => at > span.from && at < span.to)
    .map((deed) => ({ ...deed, at: Math.round(deed.at) }))
    .sort((a, b) => a.at - b.at)
}
