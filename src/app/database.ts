import { type AccessTables, accessMigrations } from '../access/schema.ts'
import { type AlertsTables, alertsMigrations } from '../alerts/schema.ts'
import { type AreasTables, areasMigrations } from '../areas/schema.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { type Database, openDatabase } from '../db/database.ts'
import { detectRestore } from '../db/meta.ts'
import { migrate } from '../db/migrate.ts'
import { dbMigrations } from '../db/schema.ts'
import { type DevicesTables, devicesMigrations } from '../devices/schema.ts'
import { type IngestTables, ingestMigrations } from '../ingest/schema.ts'
import { type LightingTables, lightingMigrations } from '../lighting/schema.ts'
import { type NotifyTables, notifyMigrations } from '../notify/schema.ts'
import { type RegisterTables, registerMigrations } from '../register/schema.ts'
import { type TwinTables, twinMigrations } from '../twin/schema.ts'
import { type WorkTables, workMigrations } from '../work/schema.ts'

/** Every table of the hub; each room sees the part it names. */
export type HubTables = AreasTables &
  AccessTables &
  RegisterTables &
  DevicesTables &
  IngestTables &
  TwinTables &
  AlertsTables &
  LightingTables &
  WorkTables &
  NotifyTables

/** In staircase order: a room's tables may refer to those of lower rooms. */
export const hubMigrations = [
  ...dbMigrations,
  ...areasMigrations,
  ...accessMigrations,
  ...registerMigrations,
  ...devicesMigrations,
  ...ingestMigrations,
  ...twinMigrations,
  ...alertsMigrations,
  ...lightingMigrations,
  ...workMigrations,
  ...notifyMigrations,
]

/** Opens the database, brings its schema up to date and notices a restored backup. */
export async function openHubDatabase(options: {
  url: string
  clock: Clock
  log: Log
  backupFolder: string
  markerFile: string
}): Promise<{ db: Database<HubTables>; lineage: string }> {
  const { url, clock, log, backupFolder, markerFile } = options
  const db = await openDatabase<HubTables>({ url, clock, log })
  try {
    await migrate(db, hubMigrations, { backupFolder, clock, log })
    const { lineage } = await detectRestore(db, markerFile)
    return { db, lineage }
  } catch (error) {
    await db.close()
    throw error
  }
}
