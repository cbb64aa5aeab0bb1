import type { Broker } from '../../broker/broker.ts'
import { createApplyConditions } from '../alerts/apply.ts'
import { startSilenceSweep } from '../alerts/sweep.ts'
import { hours, seconds } from '../core/clock.ts'
import { createLoop } from '../core/loop.ts'
import { createLiveStream } from '../http/live.ts'
import { createOpener } from '../ingest/messages.ts'
import { createSeriesReader } from '../ingest/series-reader.ts'
import { createStateReader, reportWatermark } from '../ingest/state-reader.ts'
import { createPresence } from '../twin/presence.ts'
import { createResend } from '../twin/resend.ts'
import { applyReports } from '../twin/sections.ts'
import { applyTelemetry } from '../twin/units.ts'
import { publishTelemetry } from '../views/live-feed.ts'
import { sendTime } from './answers.ts'
import { applyBirths } from './births.ts'
import type { Rooms } from './rooms.ts'
import type { Stops } from './stops.ts'
import type { Stores } from './stores.ts'

/** The broker, once it is open, and the agents that are connected to it. */
export type Wire = { broker: Broker | undefined; here: Set<string> }

export type Intake = ReturnType<typeof startIntake>

/** Starts what turns accepted records into state, and state into what agents shall hold. */
export function startIntake(
  stores: Stores,
  { bindings }: Rooms,
  options: { wire: Wire; stops: Stops },
) {
  const { clock, db, hubId, journal, lineage, listeningSince, metrics, room, telemetry } = stores
  const { wire, stops } = options
  const live = createLiveStream(clock)
  stops.add('live', () => live.close())
  const presence = createPresence({ db, hubId, clock, log: room('twin') })
  stops.add('presence', () => presence.stop())
  const resend = createResend({
    db,
    lineage,
    clock,
    log: room('twin'),
    send: async (agentId, body) => (await wire.broker?.send(agentId, 'desired', body)) ?? false,
    isConnected: (agentId) => wire.broker?.isConnected(agentId) ?? false,
  })
  stops.add('resend', () => resend.stop())
  const open = createOpener()
  const stateReader = createStateReader({
    open,
    db,
    journal,
    hubId,
    clock,
    log: room('ingest'),
    listeningSince,
    apply: [applyTelemetry, applyReports, applyBirths, createApplyConditions(bindings.resolve)],
    applied: (messages) => {
      publishTelemetry(live, messages, bindings.resolve)
      const born = new Set(
        messages.filter((one) => one.channel === 'birth').map((one) => one.agentId),
      )
      resend.look(born)
      for (const agentId of born) void sendTime(wire.broker, clock, agentId)
    },
    count: metrics.recordsRead,
  })
  stops.add('state reader', () => stateReader.stop())
  const seriesReader = createSeriesReader({
    open,
    db,
    journal,
    hubId,
    clock,
    log: room('ingest'),
    resolve: bindings.resolve,
    write: telemetry.writeTelemetry,
    count: (_what, n) => metrics.samplesUnbound(n),
  })
  stops.add('series reader', () => seriesReader.stop())
  const knowledge = () => ({
    watermark: stateReader.watermark(),
    listeningSince: listeningSince(),
    aliveUntil: clock.now() + seconds(30),
  })
  const silence = startSilenceSweep({
    db,
    clock,
    log: room('alerts'),
    hubId,
    own: knowledge,
  })
  stops.add('silence', () => silence.stop())
  const timeSignal = clock.every(hours(1), () => {
    for (const agentId of wire.here) void sendTime(wire.broker, clock, agentId)
  })
  stops.add('time signal', () => timeSignal.cancel())
  const upkeep = createLoop({
    name: 'upkeep',
    clock,
    log: room('ingest'),
    idleMs: seconds(10),
    turn: async () => {
      await journal.trim(Math.min(stateReader.position(), seriesReader.position()))
      const position = stateReader.position()
      const { watermark, listeningSince } = knowledge()
      await reportWatermark(db, {
        hubId,
        journalId: journal.id,
        position,
        watermark,
        listeningSince,
        now: clock.now(),
      })
      return false
    },
  })
  stops.add('upkeep', () => upkeep.stop())
  return { live, presence, resend, stateReader, seriesReader, silence }
}
