import type { z } from 'zod'
import type { AuditEntry } from '../contract/api/access.ts'
import type { Database } from '../db/database.ts'
import { fromCursor, toPage } from '../http/page.ts'
import type { AccessTables } from './schema.ts'

export type AuditLog = ReturnType<typeof createAuditLog>

/** Reads the audit log, newest first. */
export function createAuditLog(db: Database<AccessTables>) {
  return {
    list: async (page: { limit: number; cursor?: string | undefined }) => {
      const [after] = page.cursor === undefined ? [] : fromCursor(page.cursor, ['text'])
      const rows = await db.read((q) =>
        q
          .selectFrom('audit')
          .selectAll()
          .$if(after !== undefined, (query) => query.where('id', '<', after ?? ''))
          .orderBy('id', 'desc')
          .limit(page.limit + 1)
          .execute(),
      )
      const { items, next } = toPage(rows, page.limit, (row) => [row.id])
      const toEntry = (row: (typeof rows)[number]): z.infer<typeof AuditEntry> => ({
        id: row.id,
        at: new Date(row.at).toISOString(),
        userId: row.userId,
        username: row.username,
        action: row.action,
        subject: row.subject,
        detail: JSON.parse(row.detail),
      })
      return { items: items.map(toEntry), next }
    },
  }
}
