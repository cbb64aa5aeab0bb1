import { ActionIcon, Button, Group, Select, Stack, Text } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { Grant, Role } from '../../contract/api/access.ts'
import type { Contract } from '../../contract/api/register.ts'
import { api } from '../api/client.ts'
import { AreaSelect } from '../parts/area-select.tsx'
import { useSpeech } from '../words/language.tsx'

const roleOrder: readonly Role[] = [
  'technician',
  'officer',
  'scheduler',
  'manager',
  'viewer',
  'admin',
]

type Props = { grants: readonly Grant[]; onChange: (grants: Grant[]) => void }

function OneGrant(props: {
  grant: Grant
  contracts: readonly z.infer<typeof Contract>[]
  onChange: (grant: Grant) => void
  onRemove: () => void
}) {
  const { words } = useSpeech()
  const { grant, onChange } = props
  return (
    <Group gap="xs" align="flex-end">
      <Select
        label={words.users.role}
        data={roleOrder.map((value) => ({ value: value as string, label: words.roles[value] }))}
        value={grant.role}
        onChange={(value) =>
          onChange({ ...grant, role: roleOrder.find((role) => role === value) ?? grant.role })
        }
        flex="1 1 180px"
      />
      <div style={{ flex: '1 1 180px' }}>
        <AreaSelect
          value={grant.areaId}
          onChange={(areaId) => onChange({ ...grant, areaId })}
          allText={grant.contractId === null ? words.users.everywhere : words.none}
        />
      </div>
      {props.contracts.length > 0 && (
        <Select
          label={words.users.contract}
          data={[
            { value: '', label: words.none },
            ...props.contracts.map(({ id, code, name }) => ({
              value: id,
              label: `${code} – ${name}`,
            })),
          ]}
          value={grant.contractId ?? ''}
          onChange={(value) => onChange({ ...grant, contractId: value || null })}
          flex="1 1 160px"
        />
      )}
      <ActionIcon variant="default" aria-label={words.users.removeGrant} onClick={props.onRemove}>
        <IconTrash aria-hidden size={18} />
      </ActionIcon>
      {grant.areaId === null && grant.contractId === null && (
        <Text size="sm" c="var(--ink-warn)" w="100%">
          {words.users.everywhereWarning}
        </Text>
      )}
    </Group>
  )
}

/** Roles with the area or contract they hold for. */
export function GrantsEditor({ grants, onChange }: Props) {
  const { words } = useSpeech()
  const contracts = useQuery({
    queryKey: ['contracts'],
    queryFn: () => api.get<z.infer<typeof Contract>[]>('/api/v1/contracts'),
    staleTime: 60_000,
  })
  return (
    <Stack gap="sm">
      <Text fw={600}>{words.users.grants}</Text>
      {grants.length === 0 && <Text className="dim">{words.users.noGrants}</Text>}
      {grants.map((grant, index) => (
        <OneGrant
          // Grants have no name of their own; their place in the list is what they are.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          key={index}
          grant={grant}
          contracts={contracts.data ?? []}
          onChange={(next) => onChange(grants.map((one, at) => (at === index ? next : one)))}
          onRemove={() => onChange(grants.filter((_, at) => at !== index))}
        />
      ))}
      <Group>
        <Button
          variant="default"
          leftSection={<IconPlus aria-hidden size={18} />}
          onClick={() =>
            onChange([...grants, { role: 'technician', areaId: null, contractId: null }])
          }
        >
          {words.users.addGrant}
        </Button>
      </Group>
    </Stack>
  )
}
