import type { AddressInfo } from 'node:net'
import {
  type Broker,
  type BrokerOptions,
  type BrokerPorts,
  createBroker,
} from '../../broker/broker.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'

export type Accepted = Parameters<BrokerPorts['accept']>[0] & { done: (error?: Error) => void }
export type LogLine = Record<string, unknown> & { level: number; msg: string }

export type BrokerUnderTest = {
  broker: Broker
  port: number
  accepted: Accepted[]
  /** `agent#session+` on arrival, `agent#session-` on leaving. */
  presence: string[]
  counts: Record<string, number>
  lines: LogLine[]
}

export const here = { host: '127.0.0.1', port: 0 }

/**
 * A broker on a free port whose ports write down what they were called with. Unless `ports` says
 * otherwise everyone is let in and everything is accepted at once.
 */
export async function startBroker(
  options: Partial<Omit<BrokerOptions, 'ports'>> & { ports?: Partial<BrokerPorts> } = {},
): Promise<BrokerUnderTest> {
  const accepted: Accepted[] = []
  const presence: string[] = []
  const counts: Record<string, number> = {}
  const lines: LogLine[] = []
  const { ports, ...rest } = options
  const broker = await createBroker({
    clock: systemClock,
    log: createLog({ level: 'debug', to: { write: (line) => lines.push(JSON.parse(line)) } }),
    tcp: here,
    ports: {
      identify: async ({ clientId }) => ({ agentId: clientId }),
      present: (agentId, session, connected) =>
        presence.push(`${agentId}#${session}${connected ? '+' : '-'}`),
      count: (what) => {
        counts[what] = (counts[what] ?? 0) + 1
      },
      ...ports,
      accept: (record, done) => {
        accepted.push({ ...record, done })
        if (ports?.accept) ports.accept(record, done)
        else done()
      },
    },
    ...rest,
  })
  return { broker, port: broker.tcpPort ?? 0, accepted, presence, counts, lines }
}

/** The lines that an operator sees. */
export const warnings = ({ lines }: BrokerUnderTest): LogLine[] =>
  lines.filter((line) => line.level >= 40)

export const portOf = (server: { address: () => unknown }): number =>
  (server.address() as AddressInfo).port

export const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1)
