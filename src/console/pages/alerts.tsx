import { SegmentedControl, Stack } from '@mantine/core'
import type { Alert } from '../../contract/api/operations.ts'
import { keys } from '../api/keys.ts'
import { usePages } from '../api/pages.ts'
import { AlertRow } from '../parts/alert-row.tsx'
import { AreaSelect } from '../parts/area-select.tsx'
import { Choice } from '../parts/choice.tsx'
import { FilterBox } from '../parts/filter-box.tsx'
import { Empty, Loaded } from '../parts/loaded.tsx'
import { More } from '../parts/more.tsx'
import { Page } from '../parts/page.tsx'
import { useUrlFilters } from '../parts/url-filters.ts'
import { useSpeech } from '../words/language.tsx'

const names = ['areaId', 'severity'] as const

function useAlertList(state: 'active' | 'resolved', filters: Record<string, string | undefined>) {
  return usePages<Alert>(keys.alerts, '/api/v1/alerts', {
    query: { ...filters, state },
    refetchMs: 30_000,
  })
}

/** What is wrong now, newest first; causes only, what they drag along stands under them. */
export function AlertsPage() {
  const { words } = useSpeech()
  const { filters, set, some } = useUrlFilters(names)
  const tab = useUrlFilters(['state'] as const)
  const state = tab.filters.state === 'resolved' ? 'resolved' : 'active'
  const alerts = useAlertList(state, filters)
  const emptyText = some
    ? words.alerts.emptyFiltered
    : state === 'active'
      ? words.alerts.empty
      : words.alerts.emptyResolved
  return (
    <Page title={words.alerts.title}>
      <FilterBox
        active={some}
        onClear={() => set({ areaId: null, severity: null })}
        always={
          <SegmentedControl
            aria-label={words.state}
            value={state}
            onChange={(value) => tab.set({ state: value === 'active' ? null : value })}
            data={[
              { value: 'active', label: words.alerts.open },
              { value: 'resolved', label: words.alerts.resolved },
            ]}
          />
        }
      >
        <AreaSelect
          value={filters.areaId ?? null}
          onChange={(areaId) => set({ areaId })}
          allText={words.all}
        />
        <Choice
          label={words.alerts.severity}
          options={words.severities}
          value={filters.severity}
          onChange={(severity) => set({ severity })}
        />
      </FilterBox>
      <Loaded query={alerts}>
        {(items) =>
          items.length === 0 ? (
            <Empty
              text={emptyText}
              hint={!some && state === 'active' ? words.alerts.emptyHint : undefined}
            />
          ) : (
            <Stack gap="sm">
              <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
                {items.map((alert) => (
                  <AlertRow key={alert.id} alert={alert} />
                ))}
              </Stack>
              <More pages={alerts} />
            </Stack>
          )
        }
      </Loaded>
    </Page>
  )
}
