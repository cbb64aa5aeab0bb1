import { Anchor, Button, Card, Group, Stack, Text, Timeline } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconInfoCircle, IconMessage } from '@tabler/icons-react'
import { Link, useParams } from 'react-router'
import type { z } from 'zod'
import type { Alert, AlertDetail } from '../../contract/api/operations.ts'
import { api, isProblem } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { usePages } from '../api/pages.ts'
import { useAlert } from '../api/queries.ts'
import { useMay } from '../api/session.tsx'
import { useAct } from '../parts/act.ts'
import { AcknowledgeButton, AlertRow, alertPlace } from '../parts/alert-row.tsx'
import { SeverityBadge, ToneBadge } from '../parts/badges.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Facts } from '../parts/facts.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Moment } from '../parts/moment.tsx'
import { More } from '../parts/more.tsx'
import { Page, Section } from '../parts/page.tsx'
import { useAcknowledge } from '../parts/use-acknowledge.ts'
import { useSpeech } from '../words/language.tsx'
import { faultTitle, firstStep, kindName } from '../words/look-up.ts'
import { NotFoundPage } from './not-found.tsx'

type Detail = z.infer<typeof AlertDetail>

const stateTone = { open: 'fault', acknowledged: 'warn', resolved: 'ok' } as const

function Actions({ alert }: { alert: Detail }) {
  const { words } = useSpeech()
  const may = useMay()
  const acknowledge = useAcknowledge()
  const [noting, note] = useDisclosure(false)
  const [closing, close] = useDisclosure(false)
  const resolve = useAct<string>({
    run: (text) =>
      api.post(
        `/api/v1/alerts/${encodeURIComponent(alert.id)}/resolve`,
        text ? { note: text } : {},
      ),
    done: words.alerts.resolvedToast,
    old: [keys.alerts, keys.devices, keys.summary],
  })
  if (alert.state === 'resolved') return null
  return (
    <Group gap="xs">
      <AcknowledgeButton alert={alert} />
      {alert.state === 'open' && may('alert:ack') && (
        <Button
          variant="default"
          leftSection={<IconMessage aria-hidden size={18} />}
          onClick={note.open}
        >
          {words.alerts.acknowledgeWithNote}
        </Button>
      )}
      {may('alert:resolve') && (
        <Button variant="default" onClick={close.open}>
          {words.alerts.resolve}
        </Button>
      )}
      <Confirm
        opened={noting}
        onClose={note.close}
        title={words.alerts.acknowledgeWithNote}
        button={words.alerts.acknowledge}
        note={{ label: words.alerts.note, hint: words.alerts.noteHint }}
        run={(text) => acknowledge.mutateAsync({ id: alert.id, note: text })}
      />
      <Confirm
        opened={closing}
        onClose={close.close}
        title={words.alerts.resolveTitle}
        text={words.alerts.resolveText}
        button={words.alerts.resolve}
        note={{ label: words.alerts.note }}
        run={(text) => resolve.mutateAsync(text)}
      />
    </Group>
  )
}

function History({ alert }: { alert: Detail }) {
  const { words, format } = useSpeech()
  return (
    <Section title={words.alerts.historyTitle}>
      <Card>
        <Timeline bulletSize={16} lineWidth={2} active={alert.history.length}>
          {alert.history.map((entry) => (
            <Timeline.Item
              key={`${entry.at}/${entry.what}`}
              title={words.alerts.history[entry.what]}
            >
              <Text size="sm">
                {format.instant(entry.at)}
                {entry.by !== null && ` · ${entry.by}`}
              </Text>
              {entry.note !== null && <Text size="sm">“{entry.note}”</Text>}
            </Timeline.Item>
          ))}
        </Timeline>
      </Card>
    </Section>
  )
}

function Children({ alert }: { alert: Detail }) {
  const { words } = useSpeech()
  const children = usePages<Alert>([...keys.alerts, 'children'], '/api/v1/alerts', {
    query: { causeId: alert.id, state: 'all' },
    limit: 20,
  })
  if (alert.children === 0 && (children.data ?? []).length === 0) return null
  return (
    <Section title={words.alerts.childrenTitle}>
      <Loaded query={children}>
        {(items) => (
          <Stack gap="xs">
            <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
              {items.map((child) => (
                <AlertRow key={child.id} alert={child} />
              ))}
            </Stack>
            <More pages={children} />
          </Stack>
        )}
      </Loaded>
    </Section>
  )
}

function Body({ alert }: { alert: Detail }) {
  const { words, format } = useSpeech()
  const step = firstStep(words, alert.code)
  const end = alert.resolvedAt === null ? undefined : Date.parse(alert.resolvedAt)
  return (
    <Page title={faultTitle(words, alert.code)}>
      <Card>
        <Stack>
          <Group gap="xs">
            <SeverityBadge severity={alert.severity} />
            <ToneBadge tone={stateTone[alert.state]}>{words.alertStates[alert.state]}</ToneBadge>
          </Group>
          {step !== undefined && alert.state !== 'resolved' && (
            <Group gap="sm" wrap="nowrap" align="flex-start">
              <IconInfoCircle aria-hidden style={{ flexShrink: 0 }} />
              <div>
                <Text fw={650}>{words.alerts.firstStep}</Text>
                <Text>{step}</Text>
              </div>
            </Group>
          )}
          <Actions alert={alert} />
          <Facts
            items={[
              [
                words.alerts.device,
                <Anchor
                  key="device"
                  component={Link}
                  to={`/devices/${alert.assetId}`}
                  underline="always"
                >
                  {alertPlace(words, alert)} ({kindName(words, alert.assetKind)})
                </Anchor>,
              ],
              [words.area, alert.areaName],
              [words.alerts.since, <Moment key="since" at={alert.since} />],
              ...(alert.raw === null ? [] : ([[words.alerts.raw, alert.raw]] as const)),
              ...(end === undefined
                ? []
                : ([
                    [words.alerts.resolvedAt, <Moment key="end" at={alert.resolvedAt ?? ''} />],
                    [words.alerts.lasted, format.duration(end - Date.parse(alert.since))],
                  ] as const)),
              ...(alert.reopened > 0
                ? ([[words.state, words.alerts.reopened(format.count(alert.reopened))]] as const)
                : []),
            ]}
          />
          {alert.causeId !== null && (
            <Text>
              {words.alerts.causeHint}{' '}
              <Anchor component={Link} to={`/alerts/${alert.causeId}`} underline="always">
                {words.alerts.seeCause}
              </Anchor>
            </Text>
          )}
        </Stack>
      </Card>
      <Children alert={alert} />
      <History alert={alert} />
    </Page>
  )
}

/** One alert: what, since when, what to do first, who took it on. */
export function AlertPage() {
  const { id = '' } = useParams()
  const alert = useAlert(id)
  if (isProblem(alert.error, 'alerts.not-found')) return <NotFoundPage />
  return <Loaded query={alert}>{(found) => <Body alert={found} />}</Loaded>
}
