import { newId } from '../core/ids.ts'
import { type AnyTx, withTables } from '../db/database.ts'
import type { AccessTables } from './schema.ts'

export type AuditNote = {
  at: number
  /** Who did it; null for the hub itself or a person on the machine. */
  by: { userId: string; username: string } | null
  action: string
  subject: string
  detail?: Record<string, unknown>
}

/** One line of the audit log, in the transaction of the deed. */
export async function writeAudit(tx: AnyTx, note: AuditNote): Promise<void> {
  await withTables<AccessTables>(tx)
    .insertInto('audit')
    .values({
      id: newId(note.at),
      at: note.at,
      userId: note.by?.userId ?? null,
      username: note.by?.username ?? null,
      action: note.action,
      subject: note.subject,
      detail: JSON.stringify(note.detail ?? {}),
    })
    .execute()
}
