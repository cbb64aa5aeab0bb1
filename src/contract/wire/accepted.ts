import type { BodyOf, UpChannel } from './channels.ts'
import type { Envelope } from './common.ts'

export type EnvelopeChannel = Exclude<UpChannel, 'gone'>

/**
 * A record that the hub accepted, opened and found new: what the rooms above the ingest apply.
 * Times are epoch ms. `late` = from the backlog lane: it corrects history and never notifies.
 */
export type Accepted<C extends EnvelopeChannel = EnvelopeChannel> = {
  [K in C]: {
    channel: K
    agentId: string
    body: BodyOf<K>
    receivedAt: number
    /** When it happened, as well as can be known. */
    at: number
    late: boolean
  }
}[C]

const longestOffsetMs = 35 * 86_400_000

/** A sample's own time, moved with its record when the record's clock was not believed. */
export function sampleAt(sample: string | undefined, envelope: Envelope, at: number): number {
  if (sample === undefined) return at
  const offsetMs = Date.parse(sample) - Date.parse(envelope.at)
  return at + Math.max(-longestOffsetMs, Math.min(0, offsetMs))
}
