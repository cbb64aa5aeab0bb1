import { Button, Center, Stack, Text } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { useSpeech } from '../words/language.tsx'

/** A chunk that is gone means that the hub was updated under an open page. */
const isOldPage = (error: unknown): boolean =>
  error instanceof Error && /dynamically imported|module script failed/i.test(error.message)

function Crashed({ error }: { error: unknown }) {
  const { words } = useSpeech()
  return (
    <Center mih="60dvh" p="md" role="alert">
      <Stack align="center">
        <Text>{isOldPage(error) ? words.newVersion : words.pageBroken}</Text>
        <Button onClick={() => window.location.reload()}>{words.reload}</Button>
      </Stack>
    </Center>
  )
}

/** A page that fails says so, instead of turning white. */
export class CrashGuard extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined }

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override render() {
    if (this.state.error !== undefined) return <Crashed error={this.state.error} />
    return this.props.children
  }
}
