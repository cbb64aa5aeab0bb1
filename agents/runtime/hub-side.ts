import { readFileSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import type { Log } from '../../src/core/log.ts'
import type { Collector } from './collector.ts'
import { createCommands } from './commands.ts'
import type { AgentConfig } from './config.ts'
import { type Connection, startConnection } from './connection.ts'
import { dial, isLoopback } from './dial.ts'
import { createInbox } from './inbox.ts'
import type { Memory } from './memory.ts'
import type { AgentOptions } from './options.ts'
import type { OutgoingRecord } from './recorder-of-records.ts'
import type { Reporting } from './reporting.ts'
import { readSecret } from './secret-file.ts'
import type { Sections } from './sections.ts'
import type { Sender } from './sender.ts'
import type { Link } from './session.ts'

/** Opens the stream that the settings describe; the authority is read again each time. */
function dialer({ hub }: AgentConfig, log: Log): () => Promise<Duplex> {
  const { hostname, protocol } = new URL(hub.url)
  if (!isLoopback(hostname) && (protocol === 'mqtt:' || protocol === 'ws:')) {
    log.warn({ hostname }, 'the secret crosses the network unencrypted, use mqtts')
  }
  return () =>
    dial(hub.url, {
      ...(hub.ca ? { ca: readFileSync(hub.ca, 'utf8') } : {}),
      ...(hub.pin ? { pin: hub.pin } : {}),
    })
}

/** The line to the hub: presents the agent, brings its records up and the hub's wishes down. */
export function startHubSide(deps: {
  options: AgentOptions
  memory: Memory
  collectors: readonly Collector[]
  sections: Sections
  reporting: Reporting
  sender: Sender
  send: (record: OutgoingRecord) => void
  pollSoon: (unit: string) => void
  onLink: (link: Link | undefined) => void
  stopping: AbortSignal
}): Connection {
  const { options, memory, collectors, sections, reporting, sender } = deps
  const { config, clock, log, random = Math.random } = options
  const { time, state, boot } = memory
  let link: Link | undefined

  const commands = createCommands({
    find: ({ name, args }) => {
      const one = collectors.find(({ unit }) => unit === args['unit'])
      if (name === 'probe' && one) return async () => deps.pollSoon(one.unit)
      return one?.commands?.[name] ?? options.commands?.[name]
    },
    time: () => ({ now: time.clock.now(), trust: time.trust() }),
    signal: deps.stopping,
    state,
    log,
  })
  const rttMs = () => link?.shortestRttMs() ?? 0
  const setLink = (next: Link | undefined) => {
    link = next
    deps.onLink(next)
  }
  return startConnection({
    agentId: config.agentId,
    will: { boot: boot.id },
    clock,
    log,
    random,
    secret: () => readSecret(config.hub.secretFile, log),
    dial: options.connect ?? dialer(config, log),
    onReady: (open) => {
      setLink(open)
      const { birth, live } = reporting.announce()
      sender.open(open.publish, birth, live)
    },
    onLost: () => {
      setLink(undefined)
      sender.close()
    },
    onMessage: createInbox({ sections, commands, time, log, rttMs, send: deps.send }),
  })
}
