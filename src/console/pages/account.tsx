import { Card, Group, Stack, Text } from '@mantine/core'
import { useAreas } from '../api/queries.ts'
import { useSession } from '../api/session.tsx'
import { LanguageSwitch } from '../parts/language-switch.tsx'
import { Page, Section } from '../parts/page.tsx'
import { PasswordForm } from '../parts/password-form.tsx'
import { useSpeech } from '../words/language.tsx'

export function AccountPage() {
  const { words } = useSpeech()
  const { user, grants } = useSession()
  const areas = useAreas()
  const areaName = (id: string) => areas.data?.find((area) => area.id === id)?.name ?? id
  return (
    <Page title={words.account.title}>
      <Card maw={480}>
        <Stack gap="xs">
          <Group justify="space-between">
            <Text fw={650}>
              {user.name} ({user.username})
            </Text>
            <LanguageSwitch />
          </Group>
          <Text className="dim">{words.account.grants}</Text>
          <ul style={{ margin: 0 }}>
            {grants.map((grant) => (
              <li key={`${grant.role}/${grant.areaId}/${grant.contractId}`}>
                {words.roles[grant.role]} –{' '}
                {grant.areaId === null
                  ? (grant.contractId ?? words.everywhere)
                  : areaName(grant.areaId)}
              </li>
            ))}
          </ul>
        </Stack>
      </Card>
      <Section title={words.password.title}>
        <Card maw={480}>
          <PasswordForm />
        </Card>
      </Section>
    </Page>
  )
}
