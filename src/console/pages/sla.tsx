import { Button, Group, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import type { SlaCompliance } from '../../contract/api/operations.ts'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { useAreas } from '../api/queries.ts'
import { useNow } from '../api/use-now.ts'
import { AreaSelect } from '../parts/area-select.tsx'
import { inTreeOrder } from '../parts/area-tree.ts'
import { Empty, Loaded } from '../parts/loaded.tsx'
import { Page, Section } from '../parts/page.tsx'
import { useUrlFilters } from '../parts/url-filters.ts'
import { ClockList } from '../sla/clocks.tsx'
import { ComplianceList } from '../sla/compliance.tsx'
import { lastMonths, monthOf } from '../sla/months.ts'
import { type Clocks, inOrder } from '../sla/order.ts'
import { useSpeech } from '../words/language.tsx'

type Compliance = z.infer<typeof SlaCompliance>

const clocksAtFirst = 50

function AlertClocks({ query }: { query: { month: string; areaId: string | undefined } }) {
  const { words } = useSpeech()
  const [shown, setShown] = useState(clocksAtFirst)
  const clocks = useQuery({
    queryKey: [...keys.sla, 'clocks', query],
    queryFn: () => api.get<Clocks[]>('/api/v1/sla/clocks', query),
  })
  return (
    <Section title={words.sla.clocks}>
      <Loaded query={clocks}>
        {(found) =>
          found.length === 0 ? (
            <Empty text={words.sla.empty} />
          ) : (
            <>
              <ClockList clocks={inOrder(found).slice(0, shown)} />
              {found.length > shown && (
                <Button variant="default" onClick={() => setShown(shown + 100)}>
                  {words.more}
                </Button>
              )}
            </>
          )
        }
      </Loaded>
    </Section>
  )
}

/** A month of the contract: how much was answered and repaired in time, of how much. */
export function SlaPage() {
  const { words } = useSpeech()
  const now = useNow()
  const { filters, set } = useUrlFilters(['month', 'areaId'] as const)
  const query = { month: filters.month ?? monthOf(now), areaId: filters.areaId }
  const compliance = useQuery({
    queryKey: [...keys.sla, 'compliance', query],
    queryFn: () => api.get<Compliance[]>('/api/v1/sla/compliance', query),
  })
  const tree = useAreas()
  const order = new Map(inTreeOrder(tree.data ?? []).map(({ area }, index) => [area.id, index]))
  const inAreaOrder = (areas: readonly Compliance[]) =>
    [...areas].sort((a, b) => (order.get(a.areaId) ?? 0) - (order.get(b.areaId) ?? 0))
  const monthName = (month: string) => {
    const [year = '', number = ''] = month.split('-')
    return words.sla.monthName(number, year)
  }
  return (
    <Page title={words.sla.title}>
      <Group gap="xs" align="flex-end">
        <Select
          label={words.sla.month}
          data={lastMonths(now, 18).map((value) => ({ value, label: monthName(value) }))}
          value={query.month}
          onChange={(month) => set({ month })}
          w={170}
        />
        <div style={{ flex: '1 1 200px', maxWidth: 360 }}>
          <AreaSelect
            value={filters.areaId ?? null}
            onChange={(areaId) => set({ areaId })}
            allText={words.all}
          />
        </div>
      </Group>
      <Section title={words.sla.compliance}>
        <Loaded query={compliance}>
          {(areas) =>
            areas.length === 0 ? (
              <Empty text={words.sla.empty} />
            ) : (
              <ComplianceList areas={inAreaOrder(areas)} />
            )
          }
        </Loaded>
      </Section>
      <AlertClocks query={query} />
    </Page>
  )
}
