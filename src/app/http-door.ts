import type { Broker } from '../../broker/broker.ts'
import { createAttempts } from '../access/attempts.ts'
import { createAuditLog } from '../access/audit-log.ts'
import { createAuthenticate } from '../access/authenticate.ts'
import { accessRoutes } from '../access/routes.ts'
import { alertRoutes } from '../alerts/routes.ts'
import { areaRoutes } from '../areas/routes.ts'
import { seconds } from '../core/clock.ts'
import { deviceRoutes } from '../devices/routes.ts'
import { healthRoutes } from '../http/health.ts'
import { type App, createHttp, type Http } from '../http/server.ts'
import { lightingRoutes } from '../lighting/routes.ts'
import { notifyRoutes } from '../notify/routes.ts'
import { registerRoutes } from '../register/routes.ts'
import { liveRoutes } from '../views/live-routes.ts'
import { viewRoutes } from '../views/routes.ts'
import { workRoutes } from '../work/routes.ts'
import { enrolmentUri, mqttUrl, partStates } from './answers.ts'
import type { Intake } from './intake.ts'
import type { KeyPairs } from './key-pairs.ts'
import type { Rooms } from './rooms.ts'
import type { Stores } from './stores.ts'
import { version } from './version.ts'

export type Ports = {
  http: number
  https: number | undefined
  mqtt: number | undefined
  mqtts: number | undefined
}

type Door = {
  intake: Intake
  pairs: KeyPairs
  broker: Broker
  seq: () => number
  /** Known once the ports are bound. */
  ports: () => Ports
}

/** Builds the HTTP server with the routes of all rooms; it does not listen yet. */
export async function createHttpDoor(stores: Stores, rooms: Rooms, door: Door): Promise<Http> {
  const http = await createHttp({
    log: stores.room('http'),
    version,
    authenticate: createAuthenticate(rooms.sessions),
  })
  addHealth(http.app, stores, door)
  addPeople(http.app, stores, rooms)
  addAgents(http.app, stores, { devices: rooms.devices, door })
  addOperations(http.app, stores, { rooms, door })
  return http
}

function addHealth(app: App, stores: Stores, { intake, broker }: Door): void {
  const { clock, db, journal, journalState, metrics, startedAt, telemetry } = stores
  const lag = () => journal.head() - intake.stateReader.position()
  healthRoutes(app, {
    clock,
    version,
    startedAt,
    parts: () => partStates({ db, journal: journalState, series: telemetry, lag: lag() }),
    agentsConnected: broker.connectedCount,
    metrics: metrics.text,
  })
}

function addPeople(app: App, { config, db }: Stores, { users, sessions, areas }: Rooms): void {
  const secureCookie = config.publicUrl?.startsWith('https:') ?? false
  accessRoutes(app, { users, sessions, auditLog: createAuditLog(db), secureCookie })
  areaRoutes(app, { areas })
}

function addAgents(
  app: App,
  { clock, config }: Stores,
  about: Pick<Rooms, 'devices'> & { door: Door },
): void {
  const { devices, door } = about
  deviceRoutes(app, {
    devices,
    clock,
    tries: createAttempts({ burst: 10, refillMs: seconds(30), maxKeys: 10_000 }),
    needsHttps: () => config.http.tls !== undefined,
    enrolmentUri: (code) => {
      const { https: port, http: httpPort } = door.ports()
      return enrolmentUri(config, { code, cert: door.pairs.https?.cert, port, httpPort })
    },
    mqttUrl: () => mqttUrl(config, door.ports()),
  })
}

function addOperations(
  app: App,
  stores: Stores,
  { rooms, door }: { rooms: Rooms; door: Door },
): void {
  const { clock, db, lineage, telemetry } = stores
  registerRoutes(app, { register: rooms.register })
  alertRoutes(app, { alerts: rooms.alerts })
  lightingRoutes(app, { lighting: rooms.lighting, clock, place: rooms.place })
  workRoutes(app, { work: rooms.work })
  notifyRoutes(app, { notify: rooms.notify })
  viewRoutes(app, { db, clock, series: telemetry })
  liveRoutes(app, { db, live: door.intake.live, lineage, clock, seq: door.seq })
}
