/**
 * The composition root: builds the parts of the hub in order, joins their ports and stops them in
 * reverse. It decides nothing; every rule lives in a room.
 */
import { readFileSync } from 'node:fs'
import { type Broker, type BrokerOptions, createBroker } from '../broker/broker.ts'
import { createAttempts } from './access/attempts.ts'
import { createAuditLog } from './access/audit-log.ts'
import { createAuthenticate } from './access/authenticate.ts'
import { ensureFirstAdmin } from './access/first-admin.ts'
import { accessRoutes } from './access/routes.ts'
import { createSessions } from './access/sessions.ts'
import { createSignInTries } from './access/sign-in-tries.ts'
import { createUsers } from './access/users.ts'
import { createApplyConditions } from './alerts/apply.ts'
import { alertRoutes } from './alerts/routes.ts'
import { createAlertStore } from './alerts/store.ts'
import { startSilenceSweep } from './alerts/sweep.ts'
import { enrolmentUri, mqttUrl, partStates, sendTime } from './app/answers.ts'
import { applyBirths } from './app/births.ts'
import { serveConsole } from './app/console-files.ts'
import { startConsumers } from './app/consumers.ts'
import { openHubDatabase } from './app/database.ts'
import { hubIdIn, placesIn, prepareFolder } from './app/folder.ts'
import { hubJobs } from './app/jobs.ts'
import { demandKey } from './app/key-check.ts'
import { explainJournal, httpPorts, mqttPorts, openPorts } from './app/start-error.ts'
import { openTelemetry } from './app/telemetry.ts'
import { keyPairFrom } from './app/tls.ts'
import { areaRoutes } from './areas/routes.ts'
import { createAreas } from './areas/store.ts'
import type { Config } from './config.ts'
import { type Clock, hours, seconds } from './core/clock.ts'
import type { Log } from './core/log.ts'
import { createLoop } from './core/loop.ts'
import { openKeyFile } from './core/secrets.ts'
import { pinOf } from './core/self-signed.ts'
import { saveMarker } from './db/meta.ts'
import { startTail } from './db/tail.ts'
import { createCredentials } from './devices/credentials.ts'
import { deviceRoutes } from './devices/routes.ts'
import { createDevices } from './devices/store.ts'
import { healthRoutes } from './http/health.ts'
import { createLiveStream } from './http/live.ts'
import { createHttp } from './http/server.ts'
import { openJournal } from './ingest/journal.ts'
import { createOpener } from './ingest/messages.ts'
import { createSeriesReader } from './ingest/series-reader.ts'
import { createStateReader, reportWatermark } from './ingest/state-reader.ts'
import { lightingRoutes } from './lighting/routes.ts'
import { createLighting } from './lighting/store.ts'
import { createMetrics } from './metrics.ts'
import { createEmailChannel } from './notify/email.ts'
import { notifyRoutes } from './notify/routes.ts'
import { startSender } from './notify/sender.ts'
import { createNotify } from './notify/store.ts'
import { createWebhookChannel } from './notify/webhook.ts'
import { createBindings } from './register/bindings.ts'
import { registerRoutes } from './register/routes.ts'
import { createRegister } from './register/store.ts'
import { createPresence, forgetPresence } from './twin/presence.ts'
import { createResend } from './twin/resend.ts'
import { applyReports } from './twin/sections.ts'
import { applyTelemetry } from './twin/units.ts'
import { mayChangeRights, publishTelemetry, toLive } from './views/live-feed.ts'
import { liveRoutes } from './views/live-routes.ts'
import { viewRoutes } from './views/routes.ts'
import { workRoutes } from './work/routes.ts'
import { createWork } from './work/store.ts'

export const version = '0.1.0'

export type Hub = Awaited<ReturnType<typeof startHub>>

type HubOptions = {
  config: Config
  clock: Clock
  log: Log
  /** Where the built console lies; for tests. */
  consoleFolder?: string
}

/** Runs what was started in reverse, each once, and goes on when one fails to stop. */
function createStops(log: Log) {
  const stops: { name: string; stop: () => unknown }[] = []
  return {
    add: (name: string, stop: () => unknown) => stops.push({ name, stop }),
    run: async () => {
      for (const { name, stop } of stops.splice(0).reverse()) {
        try {
          await stop()
        } catch (error) {
          log.error({ part: name, err: error }, 'a part did not stop well')
        }
      }
    },
  }
}

/**
 * Starts a hub. Throws when a part cannot start, after stopping what had started. `stop` ends it
 * within seconds and leaves nothing behind but its data folder.
 */
export async function startHub(options: HubOptions) {
  const stops = createStops(options.log)
  try {
    return await build(options, stops)
  } catch (error) {
    await stops.run()
    throw error
  }
}

async function build(
  { config, clock, log, consoleFolder }: HubOptions,
  stops: ReturnType<typeof createStops>,
) {
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

  // Rooms
  const place = { timeZone: config.timeZone, lat: 18.68, lon: 105.68 }
  const areas = createAreas({ db, clock })
  const users = createUsers({ db, clock })
  const sessions = createSessions({ db, clock, tries: createSignInTries() })
  const register = createRegister({ db, clock })
  const bindings = createBindings(db)
  const devices = createDevices({ db, clock, keyring })
  const credentials = createCredentials({
    db,
    keyring,
    onNewSecretUsed: (agentId) =>
      void devices
        .forgetPrevious(agentId)
        .catch((err) => log.warn({ agentId, err }, 'old secret stays')),
  })
  const alerts = createAlertStore({ db, clock })
  const lighting = createLighting({ db, clock })
  const work = createWork({ db, clock, timeZone: config.timeZone })
  const notify = createNotify({ db, clock, keyring })
  const firstPassword = await ensureFirstAdmin(users, config.adminPassword)
  await Promise.all([bindings.refresh(), credentials.refresh(), forgetPresence(db, hubId)])

  // From the wire to state
  const live = createLiveStream(clock)
  stops.add('live', () => live.close())
  const presence = createPresence({ db, hubId, clock, log: room('twin') })
  stops.add('presence', () => presence.stop())
  let broker: Broker | undefined
  /** Agents connected to this hub. */
  const here = new Set<string>()
  const resend = createResend({
    db,
    lineage,
    clock,
    log: room('twin'),
    send: async (agentId, body) => (await broker?.send(agentId, 'desired', body)) ?? false,
    isConnected: (agentId) => broker?.isConnected(agentId) ?? false,
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
      resend.look(
        new Set(messages.filter((one) => one.channel === 'birth').map((one) => one.agentId)),
      )
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
    for (const agentId of here) void sendTime(broker, clock, agentId)
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

  // Events
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
        if (kind === 'agent.revoked') broker?.disconnect(subject, 'revoked')
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
    publicUrl: () => publicUrl,
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

  // Doors
  const hosts = ['localhost', '127.0.0.1', config.http.host].filter(
    (host, i, all) => all.indexOf(host) === i,
  )
  const httpsPair =
    config.http.tls && keyPairFrom(config.http.tls.files, places, { hosts, now: startedAt })
  const mqttsPair =
    config.mqtt.tls && keyPairFrom(config.mqtt.tls.files, places, { hosts, now: startedAt })
  const caFile = config.mqtt.tls?.caFile
  const brokerOptions: BrokerOptions = {
    clock,
    log: room('broker'),
    tcp: { host: config.mqtt.host, port: config.mqtt.port },
    ...(config.mqtt.tls && mqttsPair
      ? {
          tls: {
            host: config.mqtt.host,
            port: config.mqtt.tls.port,
            ...mqttsPair,
            ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }),
          },
        }
      : {}),
    ports: {
      identify: credentials.identify,
      accept: ({ agentId, channel, payload }, done) =>
        journal.append({ agentId, channel, payload, receivedAt: clock.now() }, (error) => {
          if (error) metrics.recordRefused()
          else metrics.recordAccepted()
          done(error)
        }),
      present: (agentId, session, connected) => {
        presence.note(agentId, session, connected)
        if (connected) here.add(agentId)
        else here.delete(agentId)
      },
      count: metrics.brokerEvent,
    },
  }
  broker = await openPorts(mqttPorts(config), () => createBroker(brokerOptions))
  stops.add('broker', () => broker?.close())
  listening.since = clock.now()

  const http = await createHttp({
    log: room('http'),
    version,
    authenticate: createAuthenticate(sessions),
  })
  stops.add('http', () => http.close())
  const { app } = http
  const parts = () =>
    partStates({
      db,
      journal: journalState,
      series: telemetry,
      lag: journal.head() - stateReader.position(),
    })
  healthRoutes(app, {
    clock,
    version,
    startedAt,
    parts,
    agentsConnected: () => broker?.connectedCount() ?? 0,
    metrics: metrics.text,
  })
  areaRoutes(app, { areas })
  accessRoutes(app, {
    users,
    sessions,
    auditLog: createAuditLog(db),
    secureCookie: config.publicUrl?.startsWith('https:') ?? false,
  })
  registerRoutes(app, { register })
  deviceRoutes(app, {
    devices,
    clock,
    tries: createAttempts({ burst: 10, refillMs: seconds(30), maxKeys: 10_000 }),
    needsHttps: () => config.http.tls !== undefined,
    enrolmentUri: (code) =>
      enrolmentUri(config, {
        code,
        cert: httpsPair?.cert,
        port: ports.https,
        httpPort: ports.http,
      }),
    mqttUrl: () => mqttUrl(config, ports),
  })
  alertRoutes(app, { alerts })
  lightingRoutes(app, { lighting, clock, place })
  workRoutes(app, { work })
  notifyRoutes(app, { notify })
  viewRoutes(app, { db, clock, series: telemetry })
  liveRoutes(app, { db, live, lineage, clock, seq: tail.seq })
  const hasConsole = await serveConsole(http, consoleFolder)
  const { attachWebSocket } = broker
  const bound = await openPorts(httpPorts(config), () =>
    http.listen({
      host: config.http.host,
      port: config.http.port,
      attach: attachWebSocket,
      ...(config.http.tls && httpsPair
        ? { tls: { host: config.http.host, port: config.http.tls.port, ...httpsPair } }
        : {}),
    }),
  )
  const ports = {
    http: bound.port,
    https: bound.tlsPort,
    mqtt: broker.tcpPort,
    mqtts: broker.tlsPort,
  }
  const publicUrl = config.publicUrl ?? `http://${config.http.host}:${ports.http}`

  return {
    ports,
    url: publicUrl,
    hasConsole,
    /** Set when there was no user yet and no password was given: to be shown once. */
    firstPassword,
    pin: httpsPair && pinOf(httpsPair.cert),
    stop: stops.run,
    /** For the demo, benches and tests: what a machine cannot wait for or reach by HTTP. */
    inside: {
      db,
      journal,
      devices,
      users,
      areas,
      register,
      lighting,
      notify,
      telemetry,
      bindings,
      credentials,
      stateReader,
      seriesReader,
      silence,
      sender,
      runAreaStats,
      runMaintain,
      broker,
      metrics,
    },
  }
}
