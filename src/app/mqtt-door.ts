import { readFileSync } from 'node:fs'
import {
  type Broker,
  type BrokerOptions,
  type BrokerPorts,
  createBroker,
} from '../../broker/broker.ts'
import type { Config } from '../config.ts'
import type { Intake, Wire } from './intake.ts'
import type { KeyPairs } from './key-pairs.ts'
import type { Rooms } from './rooms.ts'
import { mqttPorts, openPorts } from './start-error.ts'
import type { Stores } from './stores.ts'

type Door = { wire: Wire; intake: Intake; pairs: KeyPairs }

function tlsOf(config: Config, pairs: KeyPairs): Pick<BrokerOptions, 'tls'> {
  const { host, tls } = config.mqtt
  if (!tls || !pairs.mqtts) return {}
  const ca = tls.caFile === undefined ? {} : { ca: readFileSync(tls.caFile, 'utf8') }
  return { tls: { host, port: tls.port, ...pairs.mqtts, ...ca } }
}

function portsOf(
  { clock, journal, metrics }: Stores,
  { credentials }: Rooms,
  door: Door,
): BrokerPorts {
  const { wire, intake } = door
  return {
    identify: credentials.identify,
    accept: ({ agentId, channel, payload }, done) =>
      journal.append({ agentId, channel, payload, receivedAt: clock.now() }, (error) => {
        if (error) metrics.recordRefused()
        else metrics.recordAccepted()
        done(error)
      }),
    present: (agentId, session, connected) => {
      intake.presence.note(agentId, session, connected)
      if (connected) wire.here.add(agentId)
      else wire.here.delete(agentId)
    },
    count: metrics.brokerEvent,
  }
}

/** Lets agents in. From here on they can be heard, so silence begins to count. */
export async function openMqttDoor(stores: Stores, rooms: Rooms, door: Door): Promise<Broker> {
  const { clock, config, listening, room } = stores
  const broker = await openPorts(mqttPorts(config), () =>
    createBroker({
      clock,
      log: room('broker'),
      tcp: { host: config.mqtt.host, port: config.mqtt.port },
      ...tlsOf(config, door.pairs),
      ports: portsOf(stores, rooms, door),
    }),
  )
  listening.since = clock.now()
  return broker
}
