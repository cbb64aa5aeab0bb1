import { Anchor, Group, SimpleGrid, Text } from '@mantine/core'
import { Link, useParams } from 'react-router'
import type { AssetDetail } from '../../contract/api/register.ts'
import { isProblem } from '../api/client.ts'
import { useWatched } from '../api/live.tsx'
import { useDevice } from '../api/queries.ts'
import { useMay } from '../api/session.tsx'
import { Charts } from '../charts/charts.tsx'
import { OpenAlerts, PastAlerts } from '../device/alerts-section.tsx'
import { BindingsSection } from '../device/bindings-section.tsx'
import { ChildrenSection } from '../device/children-section.tsx'
import { EquipmentSection } from '../device/equipment-section.tsx'
import { LifecycleMenu } from '../device/lifecycle-menu.tsx'
import { LightingSection } from '../device/lighting-section.tsx'
import { PartsSection } from '../device/parts-section.tsx'
import { HealthBadge, LifecycleBadge, ToneBadge } from '../parts/badges.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Page } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'
import { kindName, reasonText } from '../words/look-up.ts'
import { NotFoundPage } from './not-found.tsx'

function Summary({ device }: { device: AssetDetail }) {
  const { words } = useSpeech()
  const parent = useDevice(device.parentId ?? device.id)
  return (
    <div>
      <Group gap={6} mb={6}>
        <HealthBadge health={device.health} />
        <LifecycleBadge lifecycle={device.lifecycle} />
        {device.critical && <ToneBadge tone="warn">{words.devices.critical}</ToneBadge>}
      </Group>
      {device.healthReason !== null && device.health !== 'fault' && (
        <Text className="dim">{reasonText(words, device.healthReason)}</Text>
      )}
      <Text>
        {kindName(words, device.kind)} ·{' '}
        <Anchor component={Link} to={`/areas/${device.areaId}`} underline="always">
          {device.areaName}
        </Anchor>
        {device.lat !== null && device.lon !== null && (
          <span className="dim">
            {' '}
            ·{' '}
            <Anchor href={`geo:${device.lat},${device.lon}`} underline="always">
              {words.device.where} {device.lat.toFixed(5)}, {device.lon.toFixed(5)}
            </Anchor>
          </span>
        )}
      </Text>
      {device.parentId !== null && (
        <Text>
          {words.device.parent}:{' '}
          <Anchor
            component={Link}
            to={`/devices/${encodeURIComponent(device.parentId)}`}
            underline="always"
          >
            {parent.data?.name ?? device.parentId}
          </Anchor>
        </Text>
      )}
    </div>
  )
}

function Body({ device }: { device: AssetDetail }) {
  const may = useMay()
  return (
    <Page title={device.name} actions={<LifecycleMenu device={device} />}>
      <Summary device={device} />
      {may('alert:read') && <OpenAlerts assetId={device.id} />}
      {device.lighting && <LightingSection lighting={device.lighting} />}
      {device.kind !== 'agent' && <PartsSection device={device} />}
      <ChildrenSection items={device.children} />
      <Charts id={device.id} kind={device.kind} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <EquipmentSection equipment={device.equipment} />
        <BindingsSection bindings={device.bindings} />
      </SimpleGrid>
      {may('alert:read') && <PastAlerts assetId={device.id} />}
    </Page>
  )
}

/** Everything about one device. */
export function DevicePage() {
  const { id = '' } = useParams()
  const device = useDevice(id)
  useWatched(id)
  if (isProblem(device.error, 'register.not-found')) return <NotFoundPage />
  return <Loaded query={device}>{(found) => <Body key={found.id} device={found} />}</Loaded>
}
