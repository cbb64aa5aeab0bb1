import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import type { z } from 'zod'
import type { Claim } from '../../contract/api/register.ts'
import { api } from '../api/client.ts'
import { useTell } from '../api/tell.tsx'
import { AreaSelect } from '../parts/area-select.tsx'
import { SecretField } from '../parts/secret-field.tsx'
import { useSpeech } from '../words/language.tsx'

type Made = z.infer<typeof Claim>

const minutesInDay = 1440

function MadeClaim({ claim, onClose }: { claim: Made; onClose: () => void }) {
  const { words, format } = useSpeech()
  const text = words.agents
  return (
    <Stack>
      <Text fw={600}>{text.claimOnce}</Text>
      <Text className="figure-number mono" data-testid="claim-code">
        {claim.code}
      </Text>
      <SecretField label={text.claimUri} value={claim.uri} />
      <Text>
        {text.claimUntil} {format.instant(claim.expiresAt)}
      </Text>
      <Button onClick={onClose}>{words.close}</Button>
    </Stack>
  )
}

function ClaimForm({ onMade }: { onMade: (claim: Made) => void }) {
  const { words } = useSpeech()
  const tell = useTell()
  const text = words.agents
  const [areaId, setAreaId] = useState<string | null>(null)
  const [valid, setValid] = useState(String(minutesInDay))
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (areaId === null) return
    const name = String(new FormData(event.currentTarget).get('name')).trim()
    setBusy(true)
    try {
      const body = { areaId, name, validMinutes: Number(valid) }
      onMade(await api.post<Made>('/api/v1/claims', body))
    } catch (error) {
      tell.refused(error)
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <Text>{text.claimText}</Text>
        <TextInput label={text.claimName} name="name" required maxLength={120} data-autofocus />
        <AreaSelect value={areaId} onChange={setAreaId} required />
        <Select
          label={text.claimValid}
          value={valid}
          onChange={(value) => value !== null && setValid(value)}
          data={[
            { value: '60', label: text.claimHours(1) },
            { value: String(minutesInDay), label: text.claimHours(24) },
            { value: String(7 * minutesInDay), label: text.claimDays(7) },
            { value: String(30 * minutesInDay), label: text.claimDays(30) },
          ]}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={busy} disabled={areaId === null}>
            {text.claimMake}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** Makes a one-time code that enrols one agent. */
export function NewClaim({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { words } = useSpeech()
  const [claim, setClaim] = useState<Made>()
  const close = () => {
    setClaim(undefined)
    onClose()
  }
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={words.agents.newClaim}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      {claim ? <MadeClaim claim={claim} onClose={close} /> : <ClaimForm onMade={setClaim} />}
    </Modal>
  )
}
