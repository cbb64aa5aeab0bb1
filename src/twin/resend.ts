import type { BodyOf } from '../contract/wire/channels.ts'
import { type Clock, seconds } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createLoop } from '../core/loop.ts'
import type { AnyDatabase } from '../db/database.ts'
import { lackingSections, pendingAgents } from './sections.ts'

export type Resend = {
  /** These agents were born here, or something they shall hold has changed: look what they lack. */
  look: (agentIds: Iterable<string>) => void
  stop: () => Promise<void>
}

const againMs = seconds(60)

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
  let lookedAt = clock.monotonic()
  /** Who is connected and has not answered: a message can be lost on a connection that lives. */
  const lookAgain = async () => {
    if (clock.monotonic() - lookedAt < againMs) return
    lookedAt = clock.monotonic()
    const pending = await db.read((q) => pendingAgents(q, clock.now() - againMs))
    for (const agentId of pending) if (options.isConnected(agentId)) waiting.add(agentId)
  }
  const loop = createLoop({
    name: 'resend',
    clock,
    log,
    idleMs: againMs,
    turn: async () => {
      await lookAgain()
      const batch = [...waiting].slice(0, 500)
      const here = batch.filter(options.isConnected)
      // Forgotten only when it could be read: what is asked for meanwhile is asked again.
      for (const agentId of batch) waiting.delete(agentId)
      try {
        const lacking = here.length > 0 ? await db.read((q) => lackingSections(q, here)) : []
        await Promise.all([...lacking].map(([agentId, sections]) => sendTo(agentId, sections)))
      } catch (error) {
        for (const agentId of here) waiting.add(agentId)
        throw error
      }
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
