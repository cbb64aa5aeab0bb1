import { Button, Stack, Text } from '@mantine/core'
import { Link } from 'react-router'
import { Page } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'

/** Also for what lies outside the user's scope: the same words, so that nothing is told. */
export function NotFoundPage() {
  const { words } = useSpeech()
  return (
    <Page title={words.notFoundTitle}>
      <Stack align="flex-start">
        <Text>{words.notFoundText}</Text>
        <Button component={Link} to="/" variant="default">
          {words.toOverview}
        </Button>
      </Stack>
    </Page>
  )
}
