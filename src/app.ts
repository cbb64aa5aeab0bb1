/**
 * The composition root: builds the parts of the hub in order, joins their ports and stops them in
 * reverse. It decides nothing; every rule lives in a room.
 */
import { serveConsole } from './app/console-files.ts'
import { createHttpDoor, type Ports } from './app/http-door.ts'
import { startIntake, type Wire } from './app/intake.ts'
import { readKeyPairs } from './app/key-pairs.ts'
import { openMqttDoor } from './app/mqtt-door.ts'
import { startReactions } from './app/reactions.ts'
import { createRooms } from './app/rooms.ts'
import { httpPorts, openPorts } from './app/start-error.ts'
import { createStops, type Stops } from './app/stops.ts'
import { openStores } from './app/stores.ts'
import type { Config } from './config.ts'
import type { Clock } from './core/clock.ts'
import type { Log } from './core/log.ts'
import { pinOf } from './core/self-signed.ts'

export type Hub = Awaited<ReturnType<typeof startHub>>

type HubOptions = {
  config: Config
  clock: Clock
  log: Log
  /** Where the built console lies; for tests. */
  consoleFolder?: string
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

async function build({ config, clock, log, consoleFolder }: HubOptions, stops: Stops) {
  const stores = await openStores({ config, clock, log, stops })
  const rooms = await createRooms(stores)
  const wire: Wire = { broker: undefined, here: new Set() }
  const intake = startIntake(stores, rooms, { wire, stops })
  const bound: { ports?: Ports } = {}
  const ports = (): Ports => {
    if (!bound.ports) throw new Error('the ports are not bound yet')
    return bound.ports
  }
  const url = () => config.publicUrl ?? `http://${config.http.host}:${ports().http}`
  const reactions = await startReactions(stores, rooms, { intake, wire, stops, publicUrl: url })
  const pairs = readKeyPairs(stores)

  const broker = await openMqttDoor(stores, rooms, { wire, intake, pairs })
  wire.broker = broker
  stops.add('broker', () => broker.close())
  const seq = reactions.tail.seq
  const http = await createHttpDoor(stores, rooms, { intake, pairs, broker, seq, ports })
  stops.add('http', () => http.close())
  const hasConsole = await serveConsole(http, consoleFolder)
  const { host, port, tls } = config.http
  const listening = await openPorts(httpPorts(config), () =>
    http.listen({
      host,
      port,
      attach: broker.attachWebSocket,
      ...(tls && pairs.https ? { tls: { host, port: tls.port, ...pairs.https } } : {}),
    }),
  )
  bound.ports = {
    http: listening.port,
    https: listening.tlsPort,
    mqtt: broker.tcpPort,
    mqtts: broker.tlsPort,
  }
  return {
    ports: bound.ports,
    url: url(),
    hasConsole,
    /** Set when there was no user yet and no password was given: to be shown once. */
    firstPassword: rooms.firstPassword,
    pin: pairs.https && pinOf(pairs.https.cert),
    stop: stops.run,
    /** For the demo, benches and tests: what a machine cannot wait for or reach by HTTP. */
    inside: { ...stores, ...rooms, ...intake, ...reactions, broker },
  }
}
