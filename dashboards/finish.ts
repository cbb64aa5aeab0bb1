import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'

type Json = Record<string, unknown>

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const recordsIn = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : [])

/** The SDK hides links and annotations in the controls menu and cannot be told otherwise. */
const withoutPlacement = (entries: unknown): Json[] =>
  recordsIn(entries).map(({ placement: _, ...rest }) => rest)

/**
 * A built dashboard to what Grafana is given: panels numbered from 1 (the SDK gives none, and 0 to
 * every row), links where people see them.
 */
export function finish(dashboard: Dashboard): Json {
  const plain = JSON.parse(JSON.stringify(dashboard)) as Json
  let next = 1
  const numbered = (panels: unknown): Json[] =>
    recordsIn(panels).map((panel) => ({
      ...panel,
      id: next++,
      ...(Array.isArray(panel['panels']) ? { panels: numbered(panel['panels']) } : {}),
    }))
  const annotations = isRecord(plain['annotations']) ? plain['annotations'] : {}
  return {
    ...plain,
    panels: numbered(plain['panels']),
    links: withoutPlacement(plain['links']),
    annotations: { ...annotations, list: withoutPlacement(annotations['list']) },
  }
}
