import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { dashboardFiles, dashboardJson, dashboards } from '../../dashboards/build.ts'
import {
  dataSourceUid,
  dataSourceVariables,
  dataSourceYaml,
  grafanaFolders,
  providerYaml,
} from '../../dashboards/provisioning.ts'
import { areaStats, measures } from '../../src/contract/wire/measures.ts'
import {
  allPanels,
  type DashboardModel,
  interpolate,
  type Panel,
  queriesOf,
  variablesIn,
} from '../support/dashboard-model.ts'
import { filesBelow } from '../support/imports.ts'

const series: Record<string, Record<string, string>> = { ...measures, area_stats: areaStats }

const overlap = ({ gridPos: a }: Panel, { gridPos: b }: Panel) =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h

describe.each(Object.entries(dashboards))('dashboard %s', (name, make) => {
  const model = JSON.parse(dashboardJson(make)) as DashboardModel
  const panels = allPanels(model.panels)
  const queries = queriesOf(model)
  const defined = model.templating.list.map((variable) => variable.name)

  test('has an address that Grafana takes, and our tag', () => {
    expect(model.uid).toBe(`ansang-${name}`)
    expect(model.uid.length).toBeLessThanOrEqual(40)
    expect(model.schemaVersion).toBeGreaterThanOrEqual(41)
  })

  test('numbers its panels from 1, each once', () => {
    expect(panels.map((panel) => panel.id).sort((a, b) => a - b)).toEqual(
      panels.map((_, at) => at + 1),
    )
  })

  test('keeps its panels on the grid and apart', () => {
    for (const { gridPos, title } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24)
      expect(gridPos.w * gridPos.h, title).toBeGreaterThan(0)
    }
    const clashes = panels.flatMap((one, at) =>
      panels
        .slice(at + 1)
        .filter((two) => overlap(one, two))
        .map((two) => [one.title, two.title]),
    )
    expect(clashes).toEqual([])
  })

  test('says of each panel what it shows, and takes its data from the chosen source', () => {
    for (const panel of panels.filter(({ type }) => type !== 'row')) {
      expect(panel.title).not.toBe('')
      expect(panel.description, panel.title).toMatch(/\w{4}/)
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's variable
      expect(panel.datasource, panel.title).toEqual({ type: 'influxdb', uid: '${ds}' })
      expect(panel.targets?.length, panel.title).toBeGreaterThan(0)
    }
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
  })

  test('names the queries of a panel, each once', () => {
    for (const { title, targets = [] } of panels) {
      const ids = targets.map(({ refId }) => refId)
      expect(
        ids.every((id) => /^[A-Z]$/.test(id ?? '')),
        title,
      ).toBe(true)
      expect(new Set(ids).size, title).toBe(ids.length)
    }
  })

  test('uses only variables that it defines, and uses each', () => {
    const links = JSON.stringify(model.links)
    const lists = model.templating.list.map(({ query }) => JSON.stringify(query))
    const texts = [...queries.map(({ target }) => target.query), ...lists, links]
    const sources = panels.map((panel) => panel.datasource?.uid ?? '')
    const used = new Set([...texts, ...sources].flatMap(variablesIn))
    expect([...used].sort()).toEqual([...defined].sort())
  })

  test('asks only for measurements and fields that the series store has', () => {
    for (const { panel, target } of queries) {
      const asked = [...target.query.matchAll(/FROM "(\w+)"/g)].map((match) => match[1] ?? '')
      expect(asked.length, panel.title).toBe(1)
      const fields = series[asked[0] ?? ''] ?? {}
      const columns = [...target.query.matchAll(/\b(?:last|mean|min|max|sum|count)\("(\w+)"\)/g)]
      expect(columns.length, panel.title).toBeGreaterThan(0)
      for (const [, column] of columns) expect(Object.keys(fields), panel.title).toContain(column)
    }
  })

  test('every query is bounded in time', () => {
    for (const { panel, target } of queries) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's variable
      const bounded = ['$timeFilter', 'time > ${__to}ms'].some((text) =>
        target.query.includes(text),
      )
      expect(bounded, panel.title).toBe(true)
    }
  })

  test('shows its links beside the title', () => {
    const placed = [...model.links, ...model.annotations.list].filter((one) => 'placement' in one)
    expect(placed).toEqual([])
  })
})

describe('generated files', () => {
  test('there is none that nothing makes any more', () => {
    const made = Object.keys(dashboardFiles).map((path) => `dashboards/${path}`)
    expect(filesBelow('dashboards/generated').sort()).toEqual(made.sort())
  })
})

describe('provisioning', () => {
  test('the data source takes its address and secrets from the environment', () => {
    const text = dataSourceYaml()
    const { apiVersion, datasources } = parse(text)
    expect(apiVersion).toBe(1)
    expect(datasources).toHaveLength(1)
    expect(datasources[0]).toMatchObject({ uid: dataSourceUid, type: 'influxdb' })
    expect(datasources[0].secureJsonData).toEqual({ password: '$INFLUX_PASSWORD' })
    const named = [...text.matchAll(/\$(\w+)/g)].map((match) => match[1])
    expect(named.sort()).toEqual([...dataSourceVariables].sort())
  })

  test('the dashboards are read from where they are mounted', () => {
    const [provider] = parse(providerYaml()).providers
    expect(provider).toMatchObject({
      type: 'file',
      disableDeletion: true,
      options: { path: grafanaFolders.dashboards },
    })
  })
})

describe('interpolation in the tests', () => {
  const range = { from: 1, to: 2, interval: '5m' }

  test('fills in what Grafana would', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's variable
    const query = 'a $timeFilter b ${__to}ms c time($__interval) d /^$asset$/'
    expect(interpolate(query, range, { asset: '.*' })).toBe(
      'a time >= 1ms and time <= 2ms b 2ms c time(5m) d /^.*$/',
    )
  })

  test('fails on a variable without a value', () => {
    expect(() => interpolate('$nobody', range, {})).toThrow('no value for $nobody')
  })
})
