import { saveMarker } from '../db/meta.ts'
import { startTail } from '../db/tail.ts'
import { createEmailChannel } from '../notify/email.ts'
import { startSender } from '../notify/sender.ts'
import { createWebhookChannel } from '../notify/webhook.ts'
import { mayChangeRights, toLive } from '../views/live-feed.ts'
import { startConsumers } from './consumers.ts'
import type { Intake, Wire } from './intake.ts'
import { hubJobs } from './jobs.ts'
import type { Rooms } from './rooms.ts'
import type { Stops } from './stops.ts'
import type { Stores } from './stores.ts'

/** Starts who reads events: consumers, caches, live console, messages; and the jobs. */
export async function startReactions(
  stores: Stores,
  { place, bindings, credentials }: Rooms,
  options: { intake: Intake; wire: Wire; stops: Stops; publicUrl: () => string },
) {
  const { clock, config, db, hubId, keyring, lineage, metrics, places, room, telemetry } = stores
  const { wire, stops } = options
  const { live, resend } = options.intake
  for (const consumer of startConsumers({ db, clock, log: room('events'), place })) {
    stops.add('consumer', () => consumer.stop())
  }
  const tail = await startTail({
    db,
    clock,
    log: room('events'),
    handle: async (events) => {
      const kinds = new Set(events.map((event) => event.kind))
      if (kinds.has('binding.changed') || kinds.has('agent.adopted') || kinds.has('agent.enrolled'))
        await bindings.refresh()
      for (const { kind, subject } of events) {
        if (kind.startsWith('agent.'))
          await credentials.refresh(subject === '*' ? undefined : subject)
        if (kind === 'agent.revoked') wire.broker?.disconnect(subject, 'revoked')
        if (kind === 'twin.desired') resend.look([subject])
        if (kind.startsWith('alert.')) metrics.alertEvent(kind)
      }
      for (const event of events) live.endWhere(mayChangeRights(event))
      if (live.listeners() > 0)
        for (const piece of await toLive(db, lineage, events)) live.publish(piece)
    },
  })
  stops.add('tail', () => tail.stop())
  const sender = startSender({
    db,
    clock,
    log: room('notify'),
    keyring,
    channels: {
      webhook: createWebhookChannel(clock.now),
      ...(config.smtp ? { email: createEmailChannel(config.smtp) } : {}),
    },
    publicUrl: options.publicUrl,
    timeZone: config.timeZone,
    count: metrics.delivery,
  })
  stops.add('sender', () => sender.stop())
  const { jobs, runAreaStats, runMaintain } = hubJobs({
    db,
    clock,
    log: room('jobs'),
    hubId,
    series: telemetry,
    writePoints: telemetry.write,
    markerFile: places.marker,
  })
  stops.add('marker', () => saveMarker(db, places.marker))
  await jobs.start()
  stops.add('jobs', () => jobs.stop())
  return { tail, sender, runAreaStats, runMaintain }
}
