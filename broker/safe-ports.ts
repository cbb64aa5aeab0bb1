import type { Log } from '../src/core/log.ts'
import { messageOf } from '../src/core/problem.ts'
import type { BrokerPorts } from './broker.ts'

/**
 * The ports, so that none throws into the broker: an exception in one of its hooks takes the
 * process down or leaves a client hanging. What `accept` throws becomes its refusal.
 */
export function safePorts(ports: BrokerPorts, log: Log): BrokerPorts {
  const safely = (port: string, call: () => void) => {
    try {
      call()
    } catch (err) {
      log.error({ port, err }, 'mqtt port failed')
    }
  }
  return {
    identify: ports.identify,
    accept: (record, done) => {
      try {
        ports.accept(record, done)
      } catch (err) {
        log.error({ port: 'accept', err }, 'mqtt port failed')
        done(err instanceof Error ? err : new Error(messageOf(err)))
      }
    },
    present: (agentId, session, connected) =>
      safely('present', () => ports.present(agentId, session, connected)),
    count: (what) => safely('count', () => ports.count(what)),
  }
}
