import { Badge } from '@mantine/core'
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconHelpCircle,
  IconInfoCircle,
  IconUrgent,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { Alert } from '../../contract/api/operations.ts'
import type { Health, Lifecycle } from '../../contract/api/register.ts'
import { useSpeech } from '../words/language.tsx'

export type Tone = 'ok' | 'fault' | 'warn' | 'low' | 'unknown'

/** A word with its colour and sign: colour never speaks alone. */
export function ToneBadge(props: { tone: Tone; icon?: ReactNode; children: ReactNode }) {
  return (
    <Badge
      leftSection={props.icon}
      styles={{
        root: {
          '--badge-bg': `var(--bg-${props.tone})`,
          '--badge-color': `var(--ink-${props.tone})`,
          flexShrink: 0,
        },
      }}
    >
      {props.children}
    </Badge>
  )
}

const healthLook = {
  ok: { tone: 'ok', Icon: IconCircleCheck },
  fault: { tone: 'fault', Icon: IconAlertTriangle },
  unknown: { tone: 'unknown', Icon: IconHelpCircle },
} as const

export function HealthBadge({ health }: { health: Health }) {
  const { words } = useSpeech()
  const { tone, Icon } = healthLook[health]
  return (
    <ToneBadge tone={tone} icon={<Icon aria-hidden size={16} />}>
      {words.healths[health]}
    </ToneBadge>
  )
}

const severityLook = {
  critical: { tone: 'fault', Icon: IconUrgent },
  high: { tone: 'fault', Icon: IconAlertTriangle },
  medium: { tone: 'warn', Icon: IconAlertTriangle },
  low: { tone: 'low', Icon: IconInfoCircle },
} as const

export function SeverityBadge({
  severity,
  count,
}: {
  severity: Alert['severity']
  count?: string
}) {
  const { words } = useSpeech()
  const { tone, Icon } = severityLook[severity]
  const text = words.severities[severity]
  const icon = <Icon aria-hidden size={16} />
  if (severity === 'critical') {
    return (
      <Badge
        leftSection={icon}
        styles={{
          root: { '--badge-bg': 'var(--ink-fault)', '--badge-color': '#fff', flexShrink: 0 },
        }}
      >
        {count ? `${text} ${count}` : text}
      </Badge>
    )
  }
  return (
    <ToneBadge tone={tone} icon={icon}>
      {count ? `${text} ${count}` : text}
    </ToneBadge>
  )
}

const lifecycleTone: Record<Lifecycle, Tone> = {
  planned: 'unknown',
  commissioning: 'low',
  'in-service': 'ok',
  suspended: 'warn',
  retired: 'unknown',
}

export function LifecycleBadge({ lifecycle }: { lifecycle: Lifecycle }) {
  const { words } = useSpeech()
  return <ToneBadge tone={lifecycleTone[lifecycle]}>{words.lifecycles[lifecycle]}</ToneBadge>
}
