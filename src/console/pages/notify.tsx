import { Button, Switch, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { NotifyTarget } from '../../contract/api/operations.ts'
import { Deliveries } from '../admin/deliveries.tsx'
import { TargetForm } from '../admin/target-form.tsx'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { useAreas } from '../api/queries.ts'
import { useMay } from '../api/session.tsx'
import { useAct } from '../parts/act.ts'
import { ToneBadge } from '../parts/badges.tsx'
import { Empty, Loaded } from '../parts/loaded.tsx'
import { Page, Section } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'

type Target = z.infer<typeof NotifyTarget>

function TargetLine({ target }: { target: Target }) {
  const { words } = useSpeech()
  const may = useMay()
  const areas = useAreas()
  const text = words.notify
  const toggle = useAct<boolean>({
    run: (enabled) =>
      api.patch(`/api/v1/notify/targets/${encodeURIComponent(target.id)}`, { enabled }),
    done: words.saved,
    old: [keys.notify],
  })
  const area = areas.data?.find((one) => one.id === target.areaId)?.name ?? target.areaId
  const state = target.enabled ? text.enabled : text.disabled
  return (
    <li className="row-link">
      <div className="row-main">
        <Text fw={600}>{target.name}</Text>
        <Text size="sm">
          {text.kinds[target.kind]}: <span className="mono">{target.address}</span>
        </Text>
        <Text size="sm" className="dim">
          {area ?? words.everywhere} · {text.minSeverity} {words.severities[target.minSeverity]}
        </Text>
      </div>
      {may('notify:write') ? (
        <Switch
          label={state}
          aria-label={`${target.name}: ${state}`}
          checked={target.enabled}
          onChange={(event) => toggle.mutate(event.currentTarget.checked)}
        />
      ) : (
        <ToneBadge tone={target.enabled ? 'ok' : 'unknown'}>{state}</ToneBadge>
      )}
    </li>
  )
}

/** Who is told, and what was told. */
export function NotifyPage() {
  const { words } = useSpeech()
  const may = useMay()
  const text = words.notify
  const [adding, add] = useDisclosure(false)
  const targets = useQuery({
    queryKey: [...keys.notify, 'targets'],
    queryFn: () => api.get<Target[]>('/api/v1/notify/targets'),
  })
  const targetName = (id: string) => targets.data?.find((one) => one.id === id)?.name ?? id
  return (
    <Page
      title={text.title}
      actions={
        may('notify:write') && (
          <Button leftSection={<IconPlus aria-hidden size={18} />} onClick={add.open}>
            {text.newTarget}
          </Button>
        )
      }
    >
      <Section title={text.targets}>
        <Loaded query={targets}>
          {(found) =>
            found.length === 0 ? (
              <Empty text={text.noTargets} />
            ) : (
              <ul className="rows">
                {found.map((target) => (
                  <TargetLine key={target.id} target={target} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Section>
      <Section title={text.deliveries}>
        <Deliveries targetName={targetName} />
      </Section>
      {adding && <TargetForm onClose={add.close} />}
    </Page>
  )
}
