import { Group, Stack, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import { useSpeech } from '../words/language.tsx'

/** One page: its title (also the browser's), what can be done on it, its content. */
export function Page(props: {
  title: string
  above?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  const { words } = useSpeech()
  useEffect(() => {
    document.title = `${props.title} – ${words.appName}`
  }, [props.title, words.appName])
  return (
    <Stack gap="md" maw={1200} mx="auto">
      {props.above}
      <Group justify="space-between" gap="sm">
        <Title order={1} size="h3">
          {props.title}
        </Title>
        {props.actions && <Group gap="xs">{props.actions}</Group>}
      </Group>
      {props.children}
    </Stack>
  )
}

/** A titled piece of a page. */
export function Section(props: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <Stack gap="xs" component="section">
      <Group justify="space-between" gap="xs" mih={30}>
        <Title order={2} size="h5">
          {props.title}
        </Title>
        {props.actions}
      </Group>
      {props.children}
    </Stack>
  )
}
