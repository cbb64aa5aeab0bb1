/**
 * Grafana as code: every dashboard is a function that returns a builder. From them come the JSON
 * files and the provisioning that Grafana reads; nobody edits those by hand.
 */
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { finish } from './finish.ts'
import { fleet } from './fleet.ts'
import { dataSourceYaml, providerYaml } from './provisioning.ts'

/** Every dashboard by the name of its file. */
export const dashboards: Readonly<Record<string, () => DashboardBuilder>> = { fleet }

export const dashboardJson = (make: () => DashboardBuilder): string =>
  `${JSON.stringify(finish(make().build()), undefined, 2)}\n`

/** Text of each generated file, by its path below `dashboards/`. */
export const dashboardFiles: Readonly<Record<string, () => string>> = {
  ...Object.fromEntries(
    Object.entries(dashboards).map(([name, make]) => [
      `generated/dashboards/${name}.json`,
      () => dashboardJson(make),
    ]),
  ),
  'generated/provisioning/datasources/ansang.yaml': dataSourceYaml,
  'generated/provisioning/dashboards/ansang.yaml': providerYaml,
}
