import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { silentLog } from '../../src/core/log.ts'
import { openSeries } from '../../src/ingest/open-series.ts'
import { type Influxd, startInfluxd } from '../support/influxd.ts'
import { requirePart } from '../support/real-parts.ts'
import { describeSeriesStore, type MakeStore } from './series-store.ts'

const makeOn =
  (url: () => string): MakeStore =>
  async ({ clock, retention }) => {
    const folder = mkdtempSync(join(tmpdir(), 'ansang-series-'))
    const options = { folder, clock, log: silentLog, ...(retention ? { retention } : {}) }
    let store = await openSeries(url(), options)
    return {
      store,
      reopen: async () => {
        await store.close()
        store = await openSeries(url(), options)
        return store
      },
      remove: async () => {
        await store.close()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  }

describeSeriesStore(
  'embedded SQLite',
  makeOn(() => 'embedded:'),
)

const program = requirePart('influxd')
describe.runIf(program)('with a real influxd', () => {
  let influxd: Influxd
  beforeAll(async () => {
    influxd = await startInfluxd(program ?? '')
  })
  afterAll(() => influxd?.remove())
  describeSeriesStore(
    'InfluxDB',
    makeOn(() => influxd.url('ansang')),
  )
})
