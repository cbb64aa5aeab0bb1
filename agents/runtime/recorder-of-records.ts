import type { BodyOf, UpChannel } from '../../src/contract/wire/channels.ts'
import type { Envelope } from '../../src/contract/wire/common.ts'
import { isState, measurementOf } from '../../src/contract/wire/measures.ts'
import type { Sample } from '../../src/contract/wire/messages.ts'
import { rulesVersion } from '../../src/faults/catalogue.ts'
import type { Collected } from './collector.ts'
import { fullSet, type JudgedUnit } from './conditions.ts'

/**
 * From a reading to the records that go out, without sockets, clocks or files: the agent calls it,
 * and so does whoever feeds a month of readings straight into a hub.
 */
export type Body<C extends UpChannel> = Omit<BodyOf<C>, keyof Envelope>

/** A record's body and its place: `envelopeOf` adds what every record carries. */
export type OutgoingRecord<C extends UpChannel = UpChannel> = { channel: C; body: Body<C> }

const iso = (at: number): string => new Date(at).toISOString()

/** Own figures of the agent, sent as part `agent:self` of its first unit. */
export type OwnFigures = { backlog: number; rtt_ms: number | null }

/** One telemetry record of one reading; `own` adds the agent's own figures to it. */
export function toTelemetry(collected: Collected, own?: OwnFigures): OutgoingRecord<'telemetry'> {
  const { sample } = collected
  const parts = own ? { ...sample.parts, 'agent:self': { ...own } } : sample.parts
  const at = sample.at ?? iso(collected.at)
  return { channel: 'telemetry', body: { samples: [{ ...sample, at, parts }] } }
}

/** The full set of conditions of all units at `now`. */
export const toConditions = (
  units: readonly JudgedUnit[],
  now: number,
): OutgoingRecord<'conditions'> => ({
  channel: 'conditions',
  body: { rules: rulesVersion, ...fullSet(units, now) },
})

type Values = Record<string, number | null>

function partChanged(kind: string, part: string, before: Values | undefined, after: Values) {
  if (!before) return true
  const measurement = measurementOf(kind, part)
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].some((name) => {
    const [was, is] = [before[name], after[name]]
    if ((was ?? null) === null || (is ?? null) === null) return was !== is
    return measurement !== undefined && isState(measurement, name) && was !== is
  })
}

/** True when a state (0/1) changed, or a value became known or unknown. */
export function stateChanged(before: Sample, after: Sample): boolean {
  const names = new Set([...Object.keys(before.parts), ...Object.keys(after.parts)])
  return [...names].some((part) => {
    const is = after.parts[part]
    return !is || partChanged(after.kind, part, before.parts[part], is)
  })
}

/**
 * May a poll be kept to itself? States are sent on each change, numbers once per `everyMs` (half a
 * poll early rather than a whole poll late).
 */
export function isWorthSending(
  last: { sample: Sample; at: number } | undefined,
  next: Collected,
  pace: { everyMs: number; pollMs: number },
): boolean {
  if (!last || next.at < last.at) return true
  return (
    next.at - last.at >= pace.everyMs - pace.pollMs / 2 || stateChanged(last.sample, next.sample)
  )
}

/**
 * The body with its envelope, as it travels.
 *
 * @param stamp `at` and `bounds` in epoch ms
 */
export function withEnvelope<C extends UpChannel>(
  record: OutgoingRecord<C>,
  stamp: Omit<Envelope, 'at' | 'bounds'> & { at: number; bounds?: [number, number] | undefined },
): BodyOf<C> {
  const { at, bounds, ...rest } = stamp
  const envelope: Envelope = {
    ...rest,
    at: iso(at),
    ...(bounds ? { bounds: [iso(bounds[0]), iso(bounds[1])] } : {}),
  }
  return { ...envelope, ...record.body } as BodyOf<C>
}
