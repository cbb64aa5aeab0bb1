/** What the tests read out of a Grafana dashboard's JSON. */
export type Target = {
  refId?: string
  query: string
  alias?: string
  resultFormat: string
  rawQuery: boolean
}

export type Panel = {
  id: number
  type: string
  title: string
  description?: string
  datasource?: { type: string; uid: string }
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: Target[]
  panels?: Panel[]
}

export type Variable = {
  name: string
  type: string
  label?: string
  query: string | { query: string }
  includeAll?: boolean
  allValue?: string
}

export type DashboardModel = {
  uid: string
  title: string
  schemaVersion: number
  panels: Panel[]
  templating: { list: Variable[] }
  links: Record<string, unknown>[]
  annotations: { list: Record<string, unknown>[] }
}

/** All panels, those inside collapsed rows too. */
export const allPanels = (panels: Panel[]): Panel[] =>
  panels.flatMap((panel) => [panel, ...allPanels(panel.panels ?? [])])

export const queriesOf = (dashboard: DashboardModel): { panel: Panel; target: Target }[] =>
  allPanels(dashboard.panels).flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({ panel, target })),
  )

/** Variables that Grafana brings itself. */
const builtIn = new Set(['timeFilter', '__interval', '__interval_ms', '__from', '__to'])

/** Names of our own variables in a text. */
export const variablesIn = (text: string): string[] =>
  [...text.matchAll(/\$(?:\{(\w+)\}|(\w+))/g)]
    .map((match) => match[1] ?? match[2] ?? '')
    .filter((name) => !builtIn.has(name))

/** The query as Grafana sends it, for a range and values of the variables. */
export function interpolate(
  query: string,
  range: { from: number; to: number; interval: string },
  values: Record<string, string>,
): string {
  const all: Record<string, string> = {
    timeFilter: `time >= ${range.from}ms and time <= ${range.to}ms`,
    __interval: range.interval,
    __from: String(range.from),
    __to: String(range.to),
    ...values,
  }
  return query.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced, bare) => {
    const value = all[braced ?? bare]
    if (value === undefined) throw new Error(`no value for ${whole}`)
    return value
  })
}
