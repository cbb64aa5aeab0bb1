import { notifications } from '@mantine/notifications'
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useSpeech } from '../words/language.tsx'
import { problemText } from '../words/look-up.ts'
import { ApiProblem } from './client.ts'

/** What happened, at the edge of the screen: done, or refused and why. */
export function useTell() {
  const { words } = useSpeech()
  return useMemo(
    () => ({
      done: (message: string) =>
        notifications.show({ message, color: 'green', icon: <IconCheck aria-hidden size={18} /> }),
      refused: (error: unknown) => {
        const { title, detail } = problemLines(words, error)
        notifications.show({
          title,
          message: detail,
          color: 'red',
          icon: <IconAlertTriangle aria-hidden size={18} />,
          autoClose: 10_000,
        })
      },
    }),
    [words],
  )
}

/** The refusal in the user's words, and the hub's own detail below it. */
export function problemLines(
  words: Parameters<typeof problemText>[0],
  error: unknown,
): { title: string; detail: string } {
  if (!(error instanceof ApiProblem)) {
    return {
      title: words.problems['hub.error'],
      detail: error instanceof Error ? error.message : '',
    }
  }
  return { title: problemText(words, error.code), detail: error.message }
}
