import {
  Button,
  Card,
  Center,
  Group,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useSessionActions } from '../api/session.tsx'
import { LanguageSwitch } from '../parts/language-switch.tsx'
import { Failed } from '../parts/loaded.tsx'
import { useSpeech } from '../words/language.tsx'

/** Stands in the place of whatever page was asked for; after signing in that page is there. */
export function SignInPage({ ended }: { ended: boolean }) {
  const { words, suggest } = useSpeech()
  const { signIn } = useSessionActions()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setBusy(true)
    setError(undefined)
    try {
      const name = String(form.get('username')).trim().toLowerCase()
      const session = await signIn(name, String(form.get('password')))
      suggest(session.user.language)
    } catch (refusal) {
      setError(refusal)
      setBusy(false)
    }
  }

  return (
    <Center mih="100dvh" p="md" component="main">
      <Card w="100%" maw={400} padding="lg">
        <form onSubmit={(event) => void submit(event)}>
          <Stack>
            <Group justify="space-between" wrap="nowrap">
              <Title order={1} size="h3">
                {words.appName}
              </Title>
              <LanguageSwitch />
            </Group>
            <Text className="dim">{words.tagline}</Text>
            {ended && <Text role="status">{words.signIn.ended}</Text>}
            {error !== undefined && <Failed error={error} />}
            <TextInput
              label={words.signIn.username}
              name="username"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              required
              withAsterisk={false}
            />
            <PasswordInput
              label={words.signIn.password}
              name="password"
              autoComplete="current-password"
              required
              withAsterisk={false}
            />
            <Button type="submit" loading={busy} fullWidth>
              {words.signIn.button}
            </Button>
            <Text size="sm" className="dim">
              {words.signIn.forgot}
            </Text>
          </Stack>
        </form>
      </Card>
    </Center>
  )
}
