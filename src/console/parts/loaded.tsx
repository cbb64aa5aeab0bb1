import { Alert, Button, Group, Loader, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { problemLines } from '../api/tell.tsx'
import { useSpeech } from '../words/language.tsx'

type Read<T> = {
  data: T | undefined
  error: unknown
  isFetching: boolean
  refetch: () => unknown
}

/** Loading, failed, or here: what every read of the hub shows. Old data stays, and says so. */
export function Loaded<T>({
  query,
  children,
}: {
  query: Read<T>
  children: (data: T) => ReactNode
}) {
  const { words } = useSpeech()
  if (query.data !== undefined) {
    return (
      <Stack gap="sm">
        {query.error !== null && !query.isFetching && (
          <Text size="sm" c="var(--ink-warn)" role="status">
            {words.staleData}
          </Text>
        )}
        {children(query.data)}
      </Stack>
    )
  }
  if (query.error !== null) return <Failed error={query.error} retry={query.refetch} />
  return (
    <Group justify="center" py="xl" role="status" gap="sm">
      <Loader size="sm" aria-hidden />
      <Text>{words.loading}</Text>
    </Group>
  )
}

export function Failed({ error, retry }: { error: unknown; retry?: () => unknown }) {
  const { words } = useSpeech()
  const { title, detail } = problemLines(words, error)
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={title} role="alert">
      <Stack gap="xs" align="flex-start">
        {detail && (
          <Text size="sm" className="dim">
            {detail}
          </Text>
        )}
        {retry && (
          <Button
            variant="default"
            leftSection={<IconRefresh aria-hidden size={18} />}
            onClick={() => retry()}
          >
            {words.retry}
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

/** A list with nothing in it, and what to do about it. */
export function Empty({ text, hint }: { text: string; hint?: string | undefined }) {
  return (
    <Stack gap={4} align="center" py="lg" px="md">
      <Text fw={600} ta="center">
        {text}
      </Text>
      {hint && (
        <Text size="sm" className="dim" ta="center">
          {hint}
        </Text>
      )}
    </Stack>
  )
}
