import { Button, Menu } from '@mantine/core'
import { IconChevronDown } from '@tabler/icons-react'
import { useState } from 'react'
import type { AssetDetail, Lifecycle } from '../../contract/api/register.ts'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { useMay } from '../api/session.tsx'
import { useAct } from '../parts/act.ts'
import { Confirm } from '../parts/confirm.tsx'
import { useSpeech } from '../words/language.tsx'
import { lifecycleSteps } from './lifecycle-steps.ts'

/** Takes a device into service, pauses it, retires it: for who may. */
export function LifecycleMenu({ device }: { device: AssetDetail }) {
  const { words } = useSpeech()
  const may = useMay()
  const [to, setTo] = useState<Lifecycle>()
  const step = useAct<{ to: Lifecycle; reason: string }>({
    run: (body) => api.post(`/api/v1/assets/${encodeURIComponent(device.id)}/lifecycle`, body),
    done: words.device.stepDone(to ? words.lifecycles[to] : ''),
    old: [keys.device(device.id), keys.devices, keys.summary, keys.alerts],
  })
  const steps = lifecycleSteps[device.lifecycle]
  if (steps.length === 0 || !may('asset:write')) return null
  const warning = {
    retired: words.device.stepRetireWarning,
    suspended: words.device.stepSuspendHint,
  }
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown aria-hidden size={16} />}>
            {words.device.stepTitle}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {steps.map((one) => (
            <Menu.Item key={one} onClick={() => setTo(one)} mih={44}>
              {words.device.stepTo(words.lifecycles[one])}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {to !== undefined && (
        <Confirm
          opened
          onClose={() => setTo(undefined)}
          title={words.device.stepTo(words.lifecycles[to])}
          text={to === 'retired' || to === 'suspended' ? warning[to] : undefined}
          button={words.device.stepTo(words.lifecycles[to])}
          danger={to === 'retired'}
          note={{ label: words.device.stepReason }}
          run={(reason) => step.mutateAsync({ to, reason })}
        />
      )}
    </>
  )
}
