import { Button, Card, Group, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPlugConnected, IconPlugConnectedX } from '@tabler/icons-react'
import { Link } from 'react-router'
import type { Agent } from '../../contract/api/register.ts'
import { ToneBadge } from '../parts/badges.tsx'
import { Facts } from '../parts/facts.tsx'
import { Age } from '../parts/moment.tsx'
import { useSpeech } from '../words/language.tsx'
import { sectionName } from '../words/look-up.ts'
import { AgentDeeds } from './agent-deeds.tsx'

const clockTone = { trusted: 'ok', holdover: 'warn', untrusted: 'fault' } as const
const sectionTone = { pending: 'warn', accepted: 'ok', refused: 'fault' } as const

function Presence({ agent }: { agent: Agent }) {
  const { words } = useSpeech()
  const text = words.agents
  if (agent.state === 'revoked') return <ToneBadge tone="unknown">{text.revoked}</ToneBadge>
  return agent.connected ? (
    <ToneBadge tone="ok" icon={<IconPlugConnected aria-hidden size={16} />}>
      {text.connected}
    </ToneBadge>
  ) : (
    <ToneBadge tone="fault" icon={<IconPlugConnectedX aria-hidden size={16} />}>
      {text.disconnected}
    </ToneBadge>
  )
}

function Details({ agent, areaName }: { agent: Agent; areaName: string }) {
  const { words, format } = useSpeech()
  const text = words.agents
  return (
    <Facts
      items={[
        [
          words.number,
          <Link key="asset" to={`/devices/${encodeURIComponent(agent.id)}`} className="mono">
            {agent.id}
          </Link>,
        ],
        [words.area, areaName],
        [text.lastSeen, agent.lastSeenAt === null ? text.never : format.instant(agent.lastSeenAt)],
        [text.version, agent.version ?? words.unknown],
        [
          text.units,
          agent.units.length === 0
            ? text.noUnits
            : agent.units.map((unit) => (
                <div key={unit.unit}>
                  {words.unitKinds[unit.kind]} <span className="mono">{unit.unit}</span>
                  {unit.label !== null && ` – ${unit.label}`}
                </div>
              )),
        ],
        [
          text.sections,
          agent.sections.length === 0
            ? text.noSections
            : agent.sections.map((section) => (
                <Group key={section.section} gap={6}>
                  {sectionName(words, section.section)} (
                  {words.lighting.version(format.count(section.desiredVersion))})
                  <ToneBadge tone={sectionTone[section.state]}>
                    {text.sectionStates[section.state]}
                  </ToneBadge>
                  {section.reason}
                </Group>
              )),
        ],
      ]}
    />
  )
}

/** One agent: does it speak with the hub, since when not, and does it hold what it should? */
export function AgentCard({ agent, areaName }: { agent: Agent; areaName: string }) {
  const { words } = useSpeech()
  const text = words.agents
  const [opened, { toggle }] = useDisclosure(false)
  const refused = agent.sections.filter((section) => section.state === 'refused')
  return (
    <Card component="li" padding="sm">
      <Stack gap={6}>
        <Group justify="space-between" gap="xs">
          <div style={{ flex: '1 1 180px' }}>
            <Text fw={650}>{agent.name}</Text>
            <Text size="sm" className="dim">
              {areaName} · {text.lastSeen}{' '}
              {agent.lastSeenAt === null ? text.never : <Age at={agent.lastSeenAt} />}
            </Text>
          </div>
          <Group gap={6}>
            {agent.clockTrust !== null && agent.clockTrust !== 'trusted' && (
              <ToneBadge tone={clockTone[agent.clockTrust]}>
                {text.clock}: {text.clockTrust[agent.clockTrust]}
              </ToneBadge>
            )}
            {refused.map((section) => (
              <ToneBadge key={section.section} tone="fault">
                {sectionName(words, section.section)}: {text.sectionStates.refused}
              </ToneBadge>
            ))}
            <Presence agent={agent} />
            <Button variant="default" onClick={toggle} aria-expanded={opened}>
              {text.details}
            </Button>
          </Group>
        </Group>
        {opened && (
          <Group gap="xs">
            <AgentDeeds agent={agent} />
          </Group>
        )}
        {opened && <Details agent={agent} areaName={areaName} />}
      </Stack>
    </Card>
  )
}
