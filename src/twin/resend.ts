import type { BodyOf } from '../contract/wire/channels.ts'
import { type Clock, seconds } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createLoop } from '../core/loop.ts'
import type { AnyDatabase } from '../db/database.ts'
import { lackingSections } from './sections.ts'

export type Resend = {
  /** These agents were born here, or something they shall hold has changed: look what they lack. */
  look: (agentIds: Iterable<string>) => void
  stop: () => Promise<void>
}

/**
 * Brings desired sections to the agents that are connected here. What an agent lacks is read from
 * the database each time, so nothing is queued and nothing can be replayed. Who does not answer is
 * tried again at its next birth and each minute.
 */
export function createResend(options: {
  db: AnyDatabase
  lineage: string
  clock: Clock
  log: Log
  send: (agentId: string, body: BodyOf<'desired'>) => Promise<boolean>
  isConnected: (agentId: string) => boolean
}): Resend {
  const { db, clock, log } = options
  const waiting = new Set<string>()

  const sendTo = async (agentId: string, sections: BodyOf<'desired'>['sections']) => {
    const sent = await options.send(agentId, { lineage: options.lineage, sections })
    log.debug({ agentId, sections: Object.keys(sections), sent }, 'desired sections sent')
  }
  const loop = createLoop({
    name: 'resend',
    clock,
    log,
    idleMs: seconds(60),
    turn: async () => {
      const batch = [...waiting].slice(0, 500)
      for (const agentId of batch) waiting.delete(agentId)
      const here = batch.filter(options.isConnected)
      if (here.length === 0) return waiting.size > 0
      const lacking = await db.read((q) => lackingSections(q, here))
      await Promise.all([...lacking].map(([agentId, sections]) => sendTo(agentId, sections)))
      return waiting.size > 0
    },
  })
  return {
    look: (agentIds) => {
      for (const agentId of agentIds) waiting.add(agentId)
      if (waiting.size > 0) loop.wake()
    },
    stop: () => loop.stop(),
  }
}
