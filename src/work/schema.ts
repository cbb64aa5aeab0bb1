import { type Tx, withTables } from '../db/database.ts'
import type { Migration } from '../db/migrate.ts'

export type WorkTables = {
  slaCalendars: { id: string; version: number; name: string; body: string; updatedAt: number }
  slaPolicies: { id: string; version: number; name: string; body: string; updatedAt: number }
}

const allWeek = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from: '00:00', to: '24:00' }))

/** A province starts with round-the-clock hours and one policy; both can be changed. */
async function seed(tx: Tx<WorkTables>): Promise<void> {
  const calendar = { timeZone: 'Asia/Ho_Chi_Minh', weekly: allWeek, dates: [] }
  await tx
    .insertInto('slaCalendars')
    .values({
      id: 'always',
      version: 1,
      name: 'Cả ngày, cả tuần',
      body: JSON.stringify(calendar),
      updatedAt: 0,
    })
    .execute()
  const targets = [
    { severity: 'critical', responseMin: 30, resolutionMin: 480 },
    { severity: 'high', responseMin: 60, resolutionMin: 1440 },
    { severity: 'medium', responseMin: 240, resolutionMin: 4320 },
    { severity: 'low', responseMin: 1440, resolutionMin: 10_080 },
  ]
  await tx
    .insertInto('slaPolicies')
    .values({
      id: 'default',
      version: 1,
      name: 'Cam kết chung',
      body: JSON.stringify({ calendarId: 'always', targets }),
      updatedAt: 0,
    })
    .execute()
}

export const workMigrations: Migration[] = [
  {
    id: 'work.1',
    up: async (tx) => {
      for (const table of ['sla_calendars', 'sla_policies']) {
        await tx.schema
          .createTable(table)
          .addColumn('id', 'text', (c) => c.primaryKey())
          .addColumn('version', 'integer', (c) => c.notNull())
          .addColumn('name', 'text', (c) => c.notNull())
          .addColumn('body', 'text', (c) => c.notNull())
          .addColumn('updated_at', 'bigint', (c) => c.notNull())
          .execute()
      }
      await seed(withTables<WorkTables>(tx))
    },
  },
]
