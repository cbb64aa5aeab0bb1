import { Button, Card, Group, Stack, Text } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { Link } from 'react-router'
import type { Alert } from '../../contract/api/operations.ts'
import { useMay } from '../api/session.tsx'
import { useSpeech } from '../words/language.tsx'
import { faultTitle, partName } from '../words/look-up.ts'
import { SeverityBadge, ToneBadge } from './badges.tsx'
import { Age } from './moment.tsx'
import { useAcknowledge } from './use-acknowledge.ts'

const edge: Record<Alert['severity'], string> = {
  critical: 'var(--ink-fault)',
  high: '#e03131',
  medium: '#e67700',
  low: '#4c6ef5',
}

/** Asset and part of an alert, as a person would say it. */
export function alertPlace(words: Parameters<typeof partName>[0], alert: Alert): string {
  return alert.part ? `${alert.assetName} – ${partName(words, alert.part)}` : alert.assetName
}

export function AcknowledgeButton({ alert }: { alert: Alert }) {
  const { words } = useSpeech()
  const may = useMay()
  const acknowledge = useAcknowledge()
  if (alert.state !== 'open' || !may('alert:ack')) return null
  return (
    <Button
      leftSection={<IconCheck aria-hidden size={18} />}
      loading={acknowledge.isPending}
      onClick={() => acknowledge.mutate({ id: alert.id })}
    >
      {words.alerts.acknowledge}
    </Button>
  )
}

/** Who took it on, in the words of the duty book. */
export function AcknowledgedBy({ alert }: { alert: Alert }) {
  const { words, format } = useSpeech()
  if (alert.acknowledgedAt === null) return null
  return (
    <Text size="sm">
      {words.alerts.acknowledged(
        alert.acknowledgedBy ?? '',
        `${format.clock(alert.acknowledgedAt)} ${format.dayMonth(alert.acknowledgedAt)}`,
      )}
    </Text>
  )
}

/** One alert of a list, with the one deed that is due. */
export function AlertRow({ alert }: { alert: Alert }) {
  const { words, format } = useSpeech()
  const { alerts } = words
  return (
    <Card
      component="li"
      padding="sm"
      style={{ borderInlineStart: `5px solid ${edge[alert.severity]}` }}
    >
      <Group gap="sm" justify="space-between" align="center">
        <Stack gap={4} style={{ flex: '1 1 220px', minWidth: 0 }}>
          <Group gap={8}>
            <SeverityBadge severity={alert.severity} />
            {alert.state === 'resolved' && <ToneBadge tone="ok">{alerts.resolved}</ToneBadge>}
            <Text size="sm" className="dim">
              <Age at={alert.since} />
            </Text>
          </Group>
          <Text
            component={Link}
            to={`/alerts/${alert.id}`}
            fw={650}
            py={9}
            style={{ color: 'inherit' }}
          >
            {faultTitle(words, alert.code)}: {alertPlace(words, alert)}
          </Text>
          <Text size="sm">
            {alert.areaName}
            {alert.children > 0 && <b> · {alerts.children(format.count(alert.children))}</b>}
            {alert.reopened > 0 && <> · {alerts.reopened(format.count(alert.reopened))}</>}
          </Text>
          <AcknowledgedBy alert={alert} />
          {alert.note !== null && <Text size="sm">“{alert.note}”</Text>}
        </Stack>
        <AcknowledgeButton alert={alert} />
      </Group>
    </Card>
  )
}
