import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { z } from 'zod'
import type { NewNotifyTarget, NotifyTarget } from '../../contract/api/operations.ts'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { useAct } from '../parts/act.ts'
import { AreaSelect } from '../parts/area-select.tsx'
import { Failed } from '../parts/loaded.tsx'
import { SecretField } from '../parts/secret-field.tsx'
import { useSpeech } from '../words/language.tsx'

type Fields = z.output<typeof NewNotifyTarget>
type Target = z.infer<typeof NotifyTarget>

const empty: Fields = {
  name: '',
  kind: 'email',
  address: '',
  areaId: null,
  minSeverity: 'high',
  language: 'vi',
}

const severities = ['critical', 'high', 'medium', 'low'] as const

/** A new place that is told about alerts; the key of a webhook is shown once. */
export function TargetForm({ onClose }: { onClose: () => void }) {
  const { words } = useSpeech()
  const text = words.notify
  const [fields, setFields] = useState(empty)
  const [made, setMade] = useState<Target>()
  const change = (part: Partial<Fields>) => setFields({ ...fields, ...part })
  const act = useAct<void>({
    run: async () => {
      const target = await api.post<Target>('/api/v1/notify/targets', fields)
      if (target.signingSecret === undefined) onClose()
      else setMade(target)
    },
    done: words.saved,
    old: [keys.notify],
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={made ? text.secretTitle : text.newTarget}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      {made ? (
        <Stack>
          <Text>{text.secretText}</Text>
          <SecretField label={text.secretTitle} value={made.signingSecret ?? ''} />
          <Button onClick={onClose}>{words.close}</Button>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            act.mutate()
          }}
        >
          <Stack>
            {act.error !== null && <Failed error={act.error} />}
            <TextInput
              label={words.name}
              value={fields.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
              required
              maxLength={120}
            />
            <Select
              label={text.kind}
              data={[
                { value: 'email', label: text.kinds.email },
                { value: 'webhook', label: text.kinds.webhook },
              ]}
              value={fields.kind}
              onChange={(kind) => change({ kind: kind === 'webhook' ? 'webhook' : 'email' })}
            />
            <TextInput
              label={text.address}
              placeholder={text.addressHint[fields.kind]}
              type={fields.kind === 'email' ? 'email' : 'url'}
              value={fields.address}
              onChange={(event) => change({ address: event.currentTarget.value })}
              required
              maxLength={300}
            />
            <AreaSelect
              value={fields.areaId}
              onChange={(areaId) => change({ areaId })}
              allText={words.everywhere}
            />
            <Select
              label={text.minSeverity}
              data={severities.map((value) => ({
                value: value as string,
                label: words.severities[value],
              }))}
              value={fields.minSeverity}
              onChange={(value) =>
                change({ minSeverity: severities.find((one) => one === value) ?? 'high' })
              }
            />
            <Select
              label={text.language}
              data={[
                { value: 'vi', label: 'Tiếng Việt' },
                { value: 'en', label: 'English' },
              ]}
              value={fields.language}
              onChange={(value) => change({ language: value === 'en' ? 'en' : 'vi' })}
            />
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                {words.cancel}
              </Button>
              <Button type="submit" loading={act.isPending}>
                {words.add}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  )
}
