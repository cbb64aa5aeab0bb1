import { Group, SimpleGrid, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconClock } from '@tabler/icons-react'
import { Link } from 'react-router'
import { SeverityBadge, ToneBadge } from '../parts/badges.tsx'
import { useSpeech } from '../words/language.tsx'
import type { Clocks } from './order.ts'

type One = Clocks['response']

const look = {
  running: { tone: 'low', Icon: IconClock },
  met: { tone: 'ok', Icon: IconCircleCheck },
  breached: { tone: 'fault', Icon: IconAlertTriangle },
} as const

function ClockState({ name, clock }: { name: string; clock: One }) {
  const { words, format } = useSpeech()
  const { tone, Icon } = look[clock.state]
  return (
    <div>
      <Group gap={6}>
        <Text size="sm">{name}</Text>
        <ToneBadge tone={tone} icon={<Icon aria-hidden size={15} />}>
          {words.sla.states[clock.state]}
        </ToneBadge>
      </Group>
      <Text size="sm" className="dim">
        {words.sla.due} {format.instant(clock.dueAt)}
        {clock.doneAt !== null && ` · ${words.sla.done} ${format.instant(clock.doneAt)}`} ·{' '}
        {words.sla.used} {format.duration(clock.usedMin * 60_000)}
      </Text>
    </div>
  )
}

/** The clocks of single alerts. */
export function ClockList({ clocks }: { clocks: readonly Clocks[] }) {
  const { words } = useSpeech()
  return (
    <ul className="rows">
      {clocks.map((one) => (
        <li key={one.alertId}>
          <Link className="row-link" to={`/alerts/${one.alertId}`}>
            <Group gap={8} className="row-main">
              <SeverityBadge severity={one.severity} />
              <Text fw={600}>{one.assetName}</Text>
            </Group>
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing={6} style={{ flex: '2 1 300px' }}>
              <ClockState name={words.sla.response} clock={one.response} />
              <ClockState name={words.sla.resolution} clock={one.resolution} />
            </SimpleGrid>
          </Link>
        </li>
      ))}
    </ul>
  )
}
