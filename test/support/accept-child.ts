/**
 * The accepting half of a hub in a process of its own: the real broker before the real journal.
 * Prints its port, leaves when its input ends.
 */
import { createBroker } from '../../broker/broker.ts'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { openJournal } from '../../src/ingest/journal.ts'

const folder = process.argv[2] ?? ''
const segmentBytes = Number(process.argv[3] ?? 65_536)

const journal = await openJournal({ folder, segmentBytes, log: silentLog, clock: systemClock })
const broker = await createBroker({
  clock: systemClock,
  log: silentLog,
  tcp: { host: '127.0.0.1', port: 0 },
  ports: {
    identify: async ({ clientId }) => ({ agentId: clientId }),
    accept: ({ agentId, channel, payload }, done) =>
      journal.append({ agentId, channel, payload, receivedAt: systemClock.now() }, done),
    present: () => {},
    count: () => {},
  },
})
console.log(`port ${broker.tcpPort}`)
process.stdin.resume().on('end', () => process.exit(0))
