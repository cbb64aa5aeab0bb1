import type { AlertsTables } from '../alerts/schema.ts'
import type { AreasTables } from '../areas/schema.ts'
import type { DevicesTables } from '../devices/schema.ts'
import type { IngestTables } from '../ingest/schema.ts'
import type { RegisterTables } from '../register/schema.ts'
import type { TwinTables } from '../twin/schema.ts'

/** What a view may read. It writes nothing. */
export type ViewTables = AlertsTables &
  AreasTables &
  DevicesTables &
  IngestTables &
  RegisterTables &
  TwinTables
