import { Button, Card, Center, Group, Stack, Text, Title } from '@mantine/core'
import { useSessionActions } from '../api/session.tsx'
import { useTell } from '../api/tell.tsx'
import { LanguageSwitch } from '../parts/language-switch.tsx'
import { PasswordForm } from '../parts/password-form.tsx'
import { useSpeech } from '../words/language.tsx'

/** Before anything else: a password that only the user knows. */
export function MustChangePage() {
  const { words } = useSpeech()
  const { signOut } = useSessionActions()
  const tell = useTell()
  return (
    <Center mih="100dvh" p="md" component="main">
      <Card w="100%" maw={440} padding="lg">
        <Stack>
          <Group justify="space-between" wrap="nowrap">
            <Title order={1} size="h4">
              {words.password.mustTitle}
            </Title>
            <LanguageSwitch />
          </Group>
          <Text>{words.password.mustText}</Text>
          <PasswordForm />
          <Button variant="subtle" onClick={() => void signOut().catch(tell.refused)}>
            {words.signIn.out}
          </Button>
        </Stack>
      </Card>
    </Center>
  )
}
