import { Card, Stack, Text } from '@mantine/core'
import type { Alert } from '../../contract/api/operations.ts'
import { keys } from '../api/keys.ts'
import { usePages } from '../api/pages.ts'
import { AlertRow } from '../parts/alert-row.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { More } from '../parts/more.tsx'
import { Section } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'

function AlertList({ assetId, state, none }: { assetId: string; state: string; none: string }) {
  const alerts = usePages<Alert>(keys.alerts, '/api/v1/alerts', {
    query: { assetId, state },
    limit: state === 'active' ? 50 : 5,
  })
  return (
    <Loaded query={alerts}>
      {(items) =>
        items.length === 0 ? (
          <Text className="dim">{none}</Text>
        ) : (
          <Stack gap="xs">
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
  )
}

export function OpenAlerts({ assetId }: { assetId: string }) {
  const { words } = useSpeech()
  return (
    <Section title={words.device.alertsTitle}>
      <AlertList assetId={assetId} state="active" none={words.device.noOpenAlerts} />
    </Section>
  )
}

export function PastAlerts({ assetId }: { assetId: string }) {
  const { words } = useSpeech()
  return (
    <Section title={words.device.pastAlerts}>
      <Card bg="transparent" withBorder={false} p={0}>
        <AlertList assetId={assetId} state="resolved" none={words.device.noPastAlerts} />
      </Card>
    </Section>
  )
}
