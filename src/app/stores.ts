import type { Config } from '../config.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { openKeyFile } from '../core/secrets.ts'
import { openJournal } from '../ingest/journal.ts'
import { createMetrics } from '../metrics.ts'
import { openHubDatabase } from './database.ts'
import { hubIdIn, placesIn, prepareFolder } from './folder.ts'
import { demandKey } from './key-check.ts'
import { explainJournal } from './start-error.ts'
import type { Stops } from './stops.ts'
import { openTelemetry } from './telemetry.ts'

export type Stores = Awaited<ReturnType<typeof openStores>>

/** Opens what the hub keeps: journal, database, series, key. */
export async function openStores(options: {
  config: Config
  clock: Clock
  log: Log
  stops: Stops
}) {
  const { config, clock, log, stops } = options
  const startedAt = clock.now()
  const metrics = createMetrics()
  prepareFolder(config.dataDir)
  const places = placesIn(config.dataDir)
  const hubId = hubIdIn(places.hubId)
  const keyring = openKeyFile(places.key)
  const room = (name: string) => log.child({ room: name })

  // Stores
  const journalState = { state: 'ok' as string, reason: null as string | null }
  // While the journal refuses, and until the door is open, nobody can be heard.
  const listening: { since: number | undefined } = { since: undefined }
  const listeningSince = () => listening.since ?? clock.now()
  const journal = await openJournal({
    folder: places.journal,
    log: room('journal'),
    clock,
    maxBytes: config.journalMaxBytes,
    onState: (state, reason) => {
      Object.assign(journalState, { state, reason: reason ?? null })
      if (listening.since !== undefined) listening.since = clock.now()
    },
  }).catch(explainJournal(config.dataDir))
  stops.add('journal', () => journal.close())
  // After the journal, whose lock keeps a second hub from migrating under the first.
  const { db, lineage } = await openHubDatabase({
    url: config.dbUrl,
    clock,
    log: room('db'),
    backupFolder: places.backups,
    markerFile: places.marker,
  })
  stops.add('database', () => db.close())
  await demandKey(db, keyring, places.key)
  const telemetry = await openTelemetry({
    url: config.seriesUrl,
    folder: places.series,
    spoolFolder: places.spool,
    spoolMaxBytes: config.spoolMaxBytes,
    clock,
    log: room('series'),
    count: metrics.seriesPoints,
  })
  stops.add('series', () => telemetry.stop())
  return {
    clock,
    config,
    startedAt,
    metrics,
    places,
    hubId,
    keyring,
    room,
    journal,
    journalState,
    listening,
    listeningSince,
    db,
    lineage,
    telemetry,
  }
}
