import { Button, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import type { z } from 'zod'
import type { Agent, NewSecret } from '../../contract/api/register.ts'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { useMay } from '../api/session.tsx'
import { useAct } from '../parts/act.ts'
import { Confirm } from '../parts/confirm.tsx'
import { SecretField } from '../parts/secret-field.tsx'
import { useSpeech } from '../words/language.tsx'

/** New secret and revocation, for who may. */
export function AgentDeeds({ agent }: { agent: Agent }) {
  const { words } = useSpeech()
  const may = useMay()
  const text = words.agents
  const [rotating, rotate] = useDisclosure(false)
  const [revoking, revoke] = useDisclosure(false)
  const [secret, setSecret] = useState<string>()
  const address = `/api/v1/agents/${encodeURIComponent(agent.id)}`
  const doRotate = async () => {
    const made = await api.post<z.infer<typeof NewSecret>>(`${address}/secret`)
    setSecret(made.secret)
  }
  const doRevoke = useAct<void>({
    run: () => api.post(`${address}/revoke`),
    done: text.revokedToast,
    old: [keys.agents, keys.devices],
  })
  if (!may('agent:write') || agent.state === 'revoked') return null
  return (
    <>
      <Button variant="default" onClick={rotate.open}>
        {text.rotate}
      </Button>
      <Button variant="outline" color="red" onClick={revoke.open}>
        {text.revoke}
      </Button>
      <Confirm
        opened={rotating}
        onClose={rotate.close}
        title={text.rotateTitle}
        text={text.rotateText}
        button={text.rotate}
        run={doRotate}
      />
      <Confirm
        opened={revoking}
        onClose={revoke.close}
        title={text.revokeTitle}
        text={text.revokeText(agent.name)}
        button={text.revoke}
        danger
        run={() => doRevoke.mutateAsync()}
      />
      <Modal
        opened={secret !== undefined}
        onClose={() => setSecret(undefined)}
        title={text.newSecret}
        closeOnClickOutside={false}
        closeButtonProps={{ 'aria-label': words.close }}
      >
        <SecretField label={text.newSecret} value={secret ?? ''} />
      </Modal>
    </>
  )
}
