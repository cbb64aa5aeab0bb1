import type { Sample } from '../../src/contract/wire/messages.ts'
import type { ChannelReading, DiskReading, RecorderReading } from '../../src/faults/recorder.ts'

/** A number that was asked for: its value, or null with the reason why it is not known. */
export type Fact = { value: number; reason?: never } | { value: null; reason: string }

export const known = (value: number): Fact => ({ value })
export const unknown = (reason: string): Fact => ({ value: null, reason })

export type DiskSnapshot = DiskReading & {
  capacityMb?: number
  freeMb?: number
}
export type ChannelSnapshot = ChannelReading & {
  /** An analog input: its signal is all that can be seen of the camera. */
  analog?: boolean
}

export type RecorderSnapshot = Omit<RecorderReading, 'channels' | 'disks'> & {
  channels: readonly ChannelSnapshot[]
  disks: readonly DiskSnapshot[]
  /** Only what was asked for in this poll. */
  system: Partial<Record<'cpu' | 'mem' | 'uptime_s' | 'drift_s', Fact>>
  /** Disks were read in this poll; otherwise they are carried over and not reported again. */
  disksAreFresh: boolean
}

type Parts = Sample['parts']
type Reasons = Record<string, string>

const shortened = (reason: string): string => reason.slice(0, 120)
const rounded = (value: number): number => Math.round(value * 100) / 100

function put(at: { parts: Parts; reasons: Reasons }, path: [string, string], fact: Fact) {
  const [part, name] = path
  const values = at.parts[part] ?? {}
  at.parts[part] = values
  values[name] = fact.value === null ? null : rounded(fact.value)
  if (fact.value === null) at.reasons[`${part}/${name}`] = shortened(fact.reason)
}

const stateFact = (good: boolean | undefined, raw: string | undefined): Fact =>
  good === undefined ? unknown(raw ?? 'not told') : known(good ? 1 : 0)

const onlineFact = ({ state, raw }: ChannelSnapshot): Fact =>
  stateFact(state === 'unknown' ? undefined : state === 'online', raw)

/** Formatting is neither good nor broken. */
const diskFact = ({ state, raw }: DiskSnapshot): Fact =>
  stateFact(state === 'ok' ? true : state === 'fault' ? false : undefined, raw)

const reachableFact = ({ contact, contactRaw }: RecorderSnapshot): Fact =>
  stateFact(contact === 'unknown' ? undefined : contact === 'answered', contactRaw)

/** Offline is counted, unknown is not: a count with unknown members would look like an outage. */
function onlineCount(channels: readonly ChannelSnapshot[]): Fact {
  const unknowns = channels.filter(({ state }) => state === 'unknown').length
  if (unknowns > 0) return unknown(`${unknowns} of ${channels.length} channels unknown`)
  return known(channels.filter(({ state }) => state === 'online').length)
}

/** The wire sample of a snapshot (`measures.recorder`, `.camera`, `.disk`). */
export function toSample(unit: string, at: number, snapshot: RecorderSnapshot): Sample {
  const out = { parts: { '': {} } as Parts, reasons: {} as Reasons }
  const channels = snapshot.channels.filter(({ state }) => state !== 'empty')
  put(out, ['', 'reachable'], reachableFact(snapshot))
  for (const [name, fact] of Object.entries(snapshot.system)) put(out, ['', name], fact)
  if (channels.length > 0) {
    put(out, ['', 'channels_online'], onlineCount(channels))
    put(out, ['', 'channels_total'], known(channels.length))
  }
  for (const channel of channels) {
    put(out, [channel.part, 'online'], onlineFact(channel))
    if (channel.analog) put(out, [channel.part, 'video'], onlineFact(channel))
  }
  if (snapshot.disksAreFresh) for (const disk of snapshot.disks) putDisk(out, disk)
  return {
    at: new Date(at).toISOString(),
    unit,
    kind: 'recorder',
    parts: out.parts,
    ...(Object.keys(out.reasons).length > 0 ? { reasons: out.reasons } : {}),
  }
}

function putDisk(out: { parts: Parts; reasons: Reasons }, disk: DiskSnapshot) {
  const { part, capacityMb, freeMb } = disk
  put(out, [part, 'ok'], diskFact(disk))
  if (capacityMb !== undefined) put(out, [part, 'capacity_mb'], known(capacityMb))
  if (freeMb !== undefined) put(out, [part, 'free_mb'], known(freeMb))
  if (!capacityMb || freeMb === undefined || freeMb > capacityMb) return
  put(out, [part, 'used_pct'], known((100 * (capacityMb - freeMb)) / capacityMb))
}
