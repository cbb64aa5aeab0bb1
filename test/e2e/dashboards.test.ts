import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dashboardJson, dashboards } from '../../dashboards/build.ts'
import { hours, minutes, systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { openSeries } from '../../src/ingest/open-series.ts'
import type { Point } from '../../src/ingest/series.ts'
import { type DashboardModel, interpolate, queriesOf } from '../support/dashboard-model.ts'
import { type Influxd, startInfluxd } from '../support/influxd.ts'
import { requirePart } from '../support/real-parts.ts'

const model = JSON.parse(dashboardJson(dashboards['fleet'] ?? dashboardless)) as DashboardModel
function dashboardless(): never {
  throw new Error('there is no dashboard fleet')
}

const to = Math.floor(systemClock.now() / minutes(5)) * minutes(5)
const range = { from: to - hours(6), to, interval: '5m' }
const slices = Array.from({ length: 72 }, (_, at) => range.from + (at + 1) * minutes(5))

const point = (measurement: string, asset: string, fields: Record<string, number>, part = '') =>
  slices.map((at): Point => ({ measurement, asset, part, at: at - 1, fields }))

const area = (id: string, scale: number) =>
  point('area_stats', id, {
    cameras_registered: 12 * scale,
    cameras_monitored: 10 * scale,
    cameras_unknown: 2 * scale,
    cameras_online: 6 * scale,
    cameras_recording: 5 * scale,
    circuits_lit: 3 * scale,
    circuits_dark: 1,
    circuits_day_burning: 2,
    alerts_open_critical: 4,
    alerts_open_high: 3,
    alerts_open_medium: 2,
    alerts_open_low: 1,
  })

/** A hamlet inside a commune, and one of each thing the dashboard shows. */
const points = [
  ...area('commune-1', 2),
  ...area('hamlet-1', 1),
  ...point('recorder', 'nvr.1', { reachable: 1 }),
  ...point('recorder', 'nvr-2', { reachable: 0 }),
  ...point('disk', 'nvr.1', { ok: 1, capacity_mb: 4000, free_mb: 0 }, 'disk:1'),
  ...point('disk', 'nvr.1', { ok: 0, capacity_mb: 4000, free_mb: 0 }, 'disk:2'),
  ...point('ups', 'ups-1', { on_battery: 1, battery_pct: 61 }),
  ...point('ups', 'ups-2', { on_battery: 0, battery_pct: 100 }),
  ...['A', 'B', 'C'].flatMap((phase, at) => [
    ...point('phase', 'cab-1', { p: 100 * (at + 1) }, `phase:${phase}`),
    ...point('phase', 'cab-2', { p: 1000 }, `phase:${phase}`),
  ]),
]

type Series = {
  name: string
  tags?: Record<string, string>
  columns: string[]
  values: unknown[][]
}

const program = requirePart('influxd')

describe.runIf(program)('the dashboards on a real influxd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ansang-dashboards-'))
  let influxd: Influxd

  const ask = async (query: string): Promise<Series[]> => {
    const answer = (await influxd.ask(query, 'ansang')) as { results: { series?: Series[] }[] }
    return answer.results[0]?.series ?? []
  }
  const run = (query: string, asset = '.*') =>
    ask(interpolate(query, range, { area: 'commune-1', asset }))
  const panel = async (title: string, asset?: string): Promise<Series[]> => {
    const found = queriesOf(model).find((one) => one.panel.title === title)
    return run(found?.target.query ?? `no panel ${title}`, asset)
  }
  /** The last row of a series, without its time, that holds a value. */
  const lastRow = (series: Series | undefined): unknown[] | undefined =>
    series?.values.findLast((row) => row.slice(1).some((value) => value !== null))?.slice(1)

  beforeAll(async () => {
    influxd = await startInfluxd(program ?? '')
    const options = { folder, clock: systemClock, log: silentLog }
    const store = await openSeries(influxd.url('ansang'), options)
    expect(await store.write(points)).toEqual({ stored: points.length, refused: [] })
    await store.close()
  })
  afterAll(async () => {
    await influxd?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  test.each(queriesOf(model).map((one) => [one.panel.title, one.target.query]))(
    '%s has data',
    async (_, query) => {
      const rows = (await run(query)).flatMap((series) => series.values)
      expect(rows.flatMap((row) => row.slice(1)).some((value) => value !== null)).toBe(true)
    },
  )

  test.each(queriesOf(model).map((one) => [one.panel.title, one.target.query]))(
    '%s stays empty, without an error, where there is nothing',
    async (_, query) => {
      const earlier = { ...range, from: range.from - hours(48), to: range.to - hours(48) }
      const nothing = { area: 'commune-1', asset: '.*' }
      expect(await ask(interpolate(query, earlier, nothing))).toEqual([])
    },
  )

  test.each(
    model.templating.list.flatMap(({ name, query }) =>
      typeof query === 'object' ? [[name, query.query] as const] : [],
    ),
  )('the choices of %s are found', async (name, query) => {
    const found = new Set((await ask(query)).flatMap(({ values }) => values.map((row) => row[1])))
    const expected = {
      area: ['commune-1', 'hamlet-1'],
      asset: ['cab-1', 'cab-2', 'nvr-2', 'nvr.1', 'ups-1', 'ups-2'],
    }
    expect([...found].sort()).toEqual(expected[name as keyof typeof expected])
  })

  test('an area is counted once, not again with what is inside it', async () => {
    const [series] = await panel('Camera của địa bàn')
    expect(lastRow(series)).toEqual([24, 20, 12, 10, 4])
  })

  test('availability leaves out what is unknown', async () => {
    expect(lastRow((await panel('Tỷ lệ hoạt động của camera'))[0])).toEqual([12 / 16])
  })

  test('UPSs on battery and failing disks are counted by their last state', async () => {
    expect(lastRow((await panel('Bộ lưu điện đang dùng ắc quy'))[0])).toEqual([1])
    expect(lastRow((await panel('Ổ cứng hỏng'))[0])).toEqual([1])
  })

  test('power is the sum of the cabinets, per phase', async () => {
    const series = await panel('Công suất theo pha')
    const sums = series.map((one) => [one.tags?.['part'], ...(lastRow(one) ?? [])])
    expect(sums).toEqual([
      ['phase:A', 1100],
      ['phase:B', 1200],
      ['phase:C', 1300],
    ])
  })

  test('a chosen asset is alone, its id not taken for a pattern', async () => {
    const assets = (await panel('Đầu ghi liên lạc được', '(nvr\\.1)')).map(
      ({ tags }) => tags?.['asset'],
    )
    expect(assets).toEqual(['nvr.1'])
  })

  test('the table has one row for each area', async () => {
    const areas = (await panel('Theo địa bàn')).map(({ tags }) => tags?.['area'])
    expect(areas).toEqual(['commune-1', 'hamlet-1'])
  })
})
