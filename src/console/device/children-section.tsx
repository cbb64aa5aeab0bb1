import { Group, Text } from '@mantine/core'
import { Link } from 'react-router'
import type { AssetDetail } from '../../contract/api/register.ts'
import { HealthBadge } from '../parts/badges.tsx'
import { DeviceIcon } from '../parts/device-icon.tsx'
import { Section } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'

const worstFirst = { fault: 0, unknown: 1, ok: 2 } as const

/** Cameras of a recorder, circuits of a cabinet: what is wrong first. */
export function ChildrenSection({ items }: { items: AssetDetail['children'] }) {
  const { words, format } = useSpeech()
  if (items.length === 0) return null
  const sorted = [...items].sort((a, b) => worstFirst[a.health] - worstFirst[b.health])
  return (
    <Section title={`${words.device.childrenTitle} (${format.count(items.length)})`}>
      <ul className="rows">
        {sorted.map((child) => (
          <li key={child.id}>
            <Link className="row-link" to={`/devices/${encodeURIComponent(child.id)}`}>
              <Group gap={8} wrap="nowrap" className="row-main">
                <DeviceIcon kind={child.kind} />
                <Text>{child.name}</Text>
              </Group>
              <HealthBadge health={child.health} />
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  )
}
