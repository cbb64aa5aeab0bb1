import type { DownChannel } from '../../src/contract/wire/channels.ts'
import { decode } from '../../src/contract/wire/codec.ts'
import type { Log } from '../../src/core/log.ts'
import { messageOf } from '../../src/core/problem.ts'
import type { Commands } from './commands.ts'
import type { OutgoingRecord } from './recorder-of-records.ts'
import { onlyKnownSections, type Sections } from './sections.ts'
import type { Timekeeper } from './timekeeper.ts'

/** Takes the hub's messages: desired sections, commands, the time. Never throws. */
export type Inbox = (channel: DownChannel, payload: Buffer) => void

function withoutUnknown(payload: Buffer, log: Log): Buffer {
  try {
    const { value, unknown } = onlyKnownSections(JSON.parse(payload.toString('utf8')))
    if (unknown.length === 0) return payload
    log.warn({ sections: unknown }, 'sections that this version does not know are left out')
    return Buffer.from(JSON.stringify(value))
  } catch {
    return payload
  }
}

export function createInbox(options: {
  sections: Sections
  commands: Commands
  time: Timekeeper
  log: Log
  rttMs: () => number
  send: (record: OutgoingRecord) => void
}): Inbox {
  const { sections, commands, time, log, rttMs, send } = options

  const unreadable = (channel: DownChannel, reason: string) =>
    log.warn({ channel, reason }, 'message of the hub does not decode')
  const takeDesired = async (payload: Buffer) => {
    const decoded = decode('desired', withoutUnknown(payload, log))
    if (!decoded.ok) return unreadable('desired', decoded.reason)
    const reports = await sections.apply(decoded.body)
    if (Object.keys(reports).length === 0) return
    send({ channel: 'reported', body: { sections: reports } })
  }
  const takeCommand = async (payload: Buffer) => {
    const decoded = decode('command', payload)
    if (!decoded.ok) return unreadable('command', decoded.reason)
    const body = await commands.handle(decoded.body)
    if (body) send({ channel: 'reply', body })
  }
  const takeTime = async (payload: Buffer) => {
    const decoded = decode('time', payload)
    if (decoded.ok) time.onHub(decoded.body, rttMs())
    else unreadable('time', decoded.reason)
  }
  const takers = { desired: takeDesired, command: takeCommand, time: takeTime }
  return (channel, payload) => {
    takers[channel](payload).catch((error: unknown) =>
      log.error({ channel, reason: messageOf(error), err: error }, 'message of the hub failed'),
    )
  }
}
