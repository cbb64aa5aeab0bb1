import { Group, Text } from '@mantine/core'
import { Link } from 'react-router'
import type { AreaSummary } from '../../contract/api/operations.ts'
import { withQuery } from '../api/client.ts'
import { useSpeech } from '../words/language.tsx'
import { SeverityBadge } from './badges.tsx'

const severities = ['critical', 'high', 'medium', 'low'] as const

/** Open alerts by severity, worst first; each leads to its list. */
export function AlertCount({ area, linked }: { area: AreaSummary; linked?: boolean }) {
  const { words, format } = useSpeech()
  const found = severities.filter((severity) => area.openAlerts[severity] > 0)
  if (found.length === 0) return <Text size="sm">{words.overview.noAlerts}</Text>
  return (
    <Group gap={6}>
      {found.map((severity) => {
        const badge = (
          <SeverityBadge severity={severity} count={format.count(area.openAlerts[severity])} />
        )
        if (!linked) return <span key={severity}>{badge}</span>
        const to = withQuery('/alerts', { areaId: area.areaId, severity })
        return (
          <Link
            key={severity}
            to={to}
            style={{ display: 'inline-flex', alignItems: 'center', minHeight: 44 }}
          >
            {badge}
          </Link>
        )
      })}
    </Group>
  )
}
