import { Button, Group, Text, UnstyledButton } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { UserForm, type UserRow } from '../admin/user-form.tsx'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { useAreas } from '../api/queries.ts'
import { useMay } from '../api/session.tsx'
import { ToneBadge } from '../parts/badges.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Page } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'

function UserLine({ user }: { user: UserRow }) {
  const { words } = useSpeech()
  const areas = useAreas()
  const places = user.grants.map((grant) => {
    const area = areas.data?.find((one) => one.id === grant.areaId)?.name ?? grant.areaId
    return `${words.roles[grant.role]} (${area ?? grant.contractId ?? words.users.everywhere})`
  })
  return (
    <>
      <div className="row-main">
        <Text fw={600}>
          {user.name} <span className="dim">({user.username})</span>
        </Text>
        <Text size="sm">{places.length > 0 ? places.join(', ') : words.users.noGrants}</Text>
      </div>
      {user.disabled && <ToneBadge tone="unknown">{words.users.disabledBadge}</ToneBadge>}
    </>
  )
}

/** People, their roles and areas. */
export function UsersPage() {
  const { words } = useSpeech()
  const may = useMay()
  const [form, setForm] = useState<{ user: UserRow | undefined }>()
  const users = useQuery({
    queryKey: keys.users,
    queryFn: () => api.get<UserRow[]>('/api/v1/users'),
  })
  const editable = may('user:write')
  return (
    <Page
      title={words.users.title}
      actions={
        editable && (
          <Button
            leftSection={<IconPlus aria-hidden size={18} />}
            onClick={() => setForm({ user: undefined })}
          >
            {words.users.newUser}
          </Button>
        )
      }
    >
      <Loaded query={users}>
        {(found) => (
          <ul className="rows">
            {found.map((user) => (
              <li key={user.id}>
                {editable ? (
                  <UnstyledButton className="row-link" w="100%" onClick={() => setForm({ user })}>
                    <UserLine user={user} />
                  </UnstyledButton>
                ) : (
                  <Group className="row-link">
                    <UserLine user={user} />
                  </Group>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {form && <UserForm user={form.user} onClose={() => setForm(undefined)} />}
    </Page>
  )
}
