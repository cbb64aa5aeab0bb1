import { Card, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { HubStatus } from '../../contract/api/operations.ts'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { ToneBadge } from '../parts/badges.tsx'
import { Facts } from '../parts/facts.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Moment } from '../parts/moment.tsx'
import { Page, Section } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'
import { hubPartName } from '../words/look-up.ts'

type Status = z.infer<typeof HubStatus>

const look = {
  ok: { tone: 'ok', Icon: IconCircleCheck },
  degraded: { tone: 'warn', Icon: IconAlertTriangle },
  down: { tone: 'fault', Icon: IconCircleX },
} as const

function Parts({ status }: { status: Status }) {
  const { words } = useSpeech()
  return (
    <ul className="rows">
      {status.parts.map((part) => {
        const { tone, Icon } = look[part.state]
        return (
          <li key={part.name} className="row-link">
            <div className="row-main">
              <Text fw={600}>
                {hubPartName(words, part.name)} <span className="mono dim">({part.name})</span>
              </Text>
              {part.reason !== null && <Text size="sm">{part.reason}</Text>}
            </div>
            <ToneBadge tone={tone} icon={<Icon aria-hidden size={16} />}>
              {words.status.states[part.state]}
            </ToneBadge>
          </li>
        )
      })}
    </ul>
  )
}

/** How the hub itself is. */
export function StatusPage() {
  const { words, format } = useSpeech()
  const status = useQuery({
    queryKey: keys.status,
    queryFn: () => api.get<Status>('/api/v1/status'),
    refetchInterval: 15_000,
  })
  return (
    <Page title={words.status.title}>
      <Loaded query={status}>
        {(found) => (
          <>
            <Card>
              <Facts
                items={[
                  [words.status.version, found.version],
                  [words.status.startedAt, <Moment key="start" at={found.startedAt} />],
                  [words.status.now, format.instant(found.now)],
                  [words.status.agentsConnected, format.count(found.agentsConnected)],
                ]}
              />
            </Card>
            <Section title={words.status.parts}>
              <Parts status={found} />
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  )
}
