import { Button, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import type { Agent } from '../../contract/api/register.ts'
import { AgentCard } from '../agents/agent-card.tsx'
import { NewClaim } from '../agents/new-claim.tsx'
import { keys } from '../api/keys.ts'
import { usePages } from '../api/pages.ts'
import { useAreas } from '../api/queries.ts'
import { useMay } from '../api/session.tsx'
import { AreaSelect } from '../parts/area-select.tsx'
import { Empty, Loaded } from '../parts/loaded.tsx'
import { More } from '../parts/more.tsx'
import { Page } from '../parts/page.tsx'
import { useUrlFilters } from '../parts/url-filters.ts'
import { useSpeech } from '../words/language.tsx'

/** The boxes on site: who speaks with the hub and who does not. */
export function AgentsPage() {
  const { words } = useSpeech()
  const may = useMay()
  const areas = useAreas()
  const { filters, set } = useUrlFilters(['areaId'] as const)
  const [claiming, claim] = useDisclosure(false)
  const agents = usePages<Agent>(keys.agents, '/api/v1/agents', {
    query: filters,
    refetchMs: 20_000,
  })
  const text = words.agents
  const areaName = (id: string) => areas.data?.find((area) => area.id === id)?.name ?? id
  return (
    <Page
      title={text.title}
      actions={
        may('agent:write') && (
          <Button leftSection={<IconPlus aria-hidden size={18} />} onClick={claim.open}>
            {text.newClaim}
          </Button>
        )
      }
    >
      <div style={{ maxWidth: 360 }}>
        <AreaSelect
          value={filters.areaId ?? null}
          onChange={(areaId) => set({ areaId })}
          allText={words.all}
        />
      </div>
      <Loaded query={agents}>
        {(items) =>
          items.length === 0 ? (
            <Empty text={text.empty} hint={may('agent:write') ? text.emptyHint : undefined} />
          ) : (
            <Stack gap="sm">
              <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
                {items.map((agent) => (
                  <AgentCard key={agent.id} agent={agent} areaName={areaName(agent.areaId)} />
                ))}
              </Stack>
              <More pages={agents} />
            </Stack>
          )
        }
      </Loaded>
      <NewClaim opened={claiming} onClose={claim.close} />
    </Page>
  )
}
