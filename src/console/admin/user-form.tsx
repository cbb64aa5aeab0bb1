import {
  Button,
  Group,
  Modal,
  PasswordInput,
  Select,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core'
import { useState } from 'react'
import type { z } from 'zod'
import type { Grant, NewUser, User } from '../../contract/api/access.ts'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { useAct } from '../parts/act.ts'
import { Failed } from '../parts/loaded.tsx'
import { useSpeech } from '../words/language.tsx'
import { GrantsEditor } from './grants-editor.tsx'

export type UserRow = z.infer<typeof User>

type Fields = {
  username: string
  name: string
  password: string
  language: 'vi' | 'en'
  disabled: boolean
  grants: Grant[]
}

const startOf = (user: UserRow | undefined): Fields => ({
  username: user?.username ?? '',
  name: user?.name ?? '',
  password: '',
  language: user?.language ?? 'vi',
  disabled: user?.disabled ?? false,
  grants: user ? [...user.grants] : [{ role: 'technician', areaId: null, contractId: null }],
})

async function save(user: UserRow | undefined, fields: Fields): Promise<unknown> {
  const { username, name, password, language, disabled, grants } = fields
  if (!user) {
    const body: z.input<typeof NewUser> = { username, name, password, language, grants }
    return api.post('/api/v1/users', body)
  }
  // Unchanged roles are left out: setting them again would sign the person out.
  const sameGrants = JSON.stringify(grants) === JSON.stringify(user.grants)
  return api.patch(`/api/v1/users/${encodeURIComponent(user.id)}`, {
    name,
    language,
    ...(disabled === user.disabled ? {} : { disabled }),
    ...(password === '' ? {} : { password }),
    ...(sameGrants ? {} : { grants }),
  })
}

/** Adds a user, or changes one. */
export function UserForm({ user, onClose }: { user: UserRow | undefined; onClose: () => void }) {
  const { words } = useSpeech()
  const text = words.users
  const [fields, setFields] = useState(() => startOf(user))
  const change = (part: Partial<Fields>) => setFields({ ...fields, ...part })
  const act = useAct<void>({ run: () => save(user, fields), done: words.saved, old: [keys.users] })
  return (
    <Modal
      opened
      onClose={onClose}
      title={user ? user.name : text.newUser}
      size="lg"
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          act.mutate(undefined, { onSuccess: onClose })
        }}
      >
        <Stack>
          {act.error !== null && <Failed error={act.error} />}
          {!user && (
            <TextInput
              label={text.username}
              description={text.usernameHint}
              value={fields.username}
              onChange={(event) => change({ username: event.currentTarget.value.toLowerCase() })}
              pattern="[a-z0-9][a-z0-9._\-]{1,39}"
              required
              autoComplete="off"
            />
          )}
          <TextInput
            label={text.name}
            value={fields.name}
            onChange={(event) => change({ name: event.currentTarget.value })}
            required
            maxLength={120}
          />
          <PasswordInput
            label={user ? text.newPassword : text.password}
            description={text.passwordHint}
            value={fields.password}
            onChange={(event) => change({ password: event.currentTarget.value })}
            minLength={10}
            required={!user}
            autoComplete="new-password"
          />
          <Select
            label={words.languageLabel}
            data={[
              { value: 'vi', label: 'Tiếng Việt' },
              { value: 'en', label: 'English' },
            ]}
            value={fields.language}
            onChange={(value) => change({ language: value === 'en' ? 'en' : 'vi' })}
          />
          <GrantsEditor grants={fields.grants} onChange={(grants) => change({ grants })} />
          {user && (
            <Switch
              label={text.disabled}
              checked={fields.disabled}
              onChange={(event) => change({ disabled: event.currentTarget.checked })}
            />
          )}
          {user && (
            <Text size="sm" className="dim">
              {text.endsSessions}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {words.cancel}
            </Button>
            <Button type="submit" loading={act.isPending}>
              {words.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
