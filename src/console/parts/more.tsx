import { Button } from '@mantine/core'
import { useSpeech } from '../words/language.tsx'

/** The rest of a list, when there is more. */
export function More(props: {
  pages: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
}) {
  const { words } = useSpeech()
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = props.pages
  if (!hasNextPage) return null
  return (
    <Button
      variant="default"
      fullWidth
      loading={isFetchingNextPage}
      onClick={() => void fetchNextPage()}
    >
      {words.more}
    </Button>
  )
}
