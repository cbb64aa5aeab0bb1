/**
 * An agent in a process of its own, to be killed: `node agent-process.ts CONFIG-JSON`. Its unit's
 * state changes with each poll, so that every poll is a record.
 */
import { createAgent } from '../../agents/runtime/agent.ts'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'

const config = JSON.parse(process.argv[2] ?? '{}')
let polls = 0

const agent = createAgent({
  config,
  clock: systemClock,
  log: silentLog,
  random: () => 0,
  timeSource: async () => ({ ntpSynced: true, rtc: true }),
  collectors: [
    {
      unit: 'nvr1',
      kind: 'recorder',
      everyMs: 20,
      collect: async () => {
        polls += 1
        return {
          at: systemClock.now(),
          sample: {
            unit: 'nvr1',
            kind: 'recorder',
            parts: { '': { reachable: polls % 2, uptime_s: polls } },
          },
          verdicts: [],
        }
      },
    },
  ],
})
await agent.start()
process.once('SIGTERM', () => agent.stop())
