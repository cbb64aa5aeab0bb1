import { Group, Text } from '@mantine/core'
import { IconStarFilled } from '@tabler/icons-react'
import { Link } from 'react-router'
import type { Asset } from '../../contract/api/register.ts'
import { useSpeech } from '../words/language.tsx'
import { kindName, reasonText } from '../words/look-up.ts'
import { HealthBadge, LifecycleBadge, SeverityBadge } from './badges.tsx'
import { DeviceIcon } from './device-icon.tsx'
import { Age } from './moment.tsx'

/** One device of a list: what, where, how it is and how old that is. */
export function DeviceRow({ device }: { device: Asset }) {
  const { words } = useSpeech()
  return (
    <li>
      <Link className="row-link" to={`/devices/${encodeURIComponent(device.id)}`}>
        <div className="row-main">
          <Group gap={8} wrap="nowrap">
            <DeviceIcon kind={device.kind} />
            <Text fw={600}>{device.name}</Text>
            {device.critical && (
              <IconStarFilled size={14} aria-label={words.devices.critical} color="#8a4b00" />
            )}
          </Group>
          <Text size="sm" className="dim">
            {kindName(words, device.kind)} · {device.areaName}
            {device.reportedAt !== null && (
              <>
                {' '}
                · <Age at={device.reportedAt} />
              </>
            )}
          </Text>
          {device.healthReason !== null && (
            <Text
              size="sm"
              c={device.health === 'fault' ? 'var(--ink-fault)' : 'var(--ink-unknown)'}
            >
              {reasonText(words, device.healthReason)}
            </Text>
          )}
        </div>
        <Group gap={6}>
          {device.lifecycle !== 'in-service' && <LifecycleBadge lifecycle={device.lifecycle} />}
          {device.worstSeverity !== null && <SeverityBadge severity={device.worstSeverity} />}
          <HealthBadge health={device.health} />
        </Group>
      </Link>
    </li>
  )
}
