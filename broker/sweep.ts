import type { Client } from 'aedes'
import { type Clock, seconds, type Timer } from '../src/core/clock.ts'
import type { Link } from './link.ts'
import type { Note } from './notes.ts'

/** While the hub makes a client wait, its PINGREQ stands unread: the silence is ours. */
const isOurSilence = (link: Link): boolean =>
  link.held.pending || (link.session !== undefined && link.session.pending.size() > 0)

const holdKeepalive = (client: Client) =>
  (client as Client & { _keepaliveTimer?: NodeJS.Timeout | null })._keepaliveTimer?.refresh()

/** Looks once a second for packets that never end, and for clients that wait for us. */
export function startSweep(options: {
  clock: Clock
  frameTimeoutMs: number
  links: Iterable<Link>
  note: Note
}): Timer {
  const { clock, frameTimeoutMs, links, note } = options
  const look = (link: Link, now: number) => {
    if (isOurSilence(link)) {
      if (link.session) holdKeepalive(link.session.client)
      if (link.frameSince !== undefined) link.frameSince = now
    } else if (link.frameSince !== undefined && now - link.frameSince > frameTimeoutMs) {
      note('frame-timeout', link, { reason: 'a packet did not arrive whole in time' })
      link.conn.destroy()
    }
  }
  return clock.every(seconds(1), () => {
    const now = clock.monotonic()
    for (const link of links) look(link, now)
  })
}
