import type { Accepted } from '../contract/wire/accepted.ts'
import type { AnyTx } from '../db/database.ts'
import { appendEvents } from '../db/events.ts'
import { takeBirth } from '../devices/store.ts'
import { sectionHash } from '../plan/hash.ts'

/** Births in the reader's transaction: the agent's row, and assets for what it found. */
export async function applyBirths(tx: AnyTx, messages: readonly Accepted[]): Promise<void> {
  const adopted: string[] = []
  for (const message of messages) {
    if (message.channel !== 'birth' || message.late) continue
    const said = { birth: message.body, at: message.at, hash: sectionHash(message.body.inventory) }
    if (await takeBirth(tx, message.agentId, said)) adopted.push(message.agentId)
  }
  if (adopted.length === 0) return
  const at = messages.at(-1)?.receivedAt ?? 0
  await appendEvents(
    tx,
    adopted.map((subject) => ({ kind: 'agent.adopted', subject })),
    at,
  )
}
