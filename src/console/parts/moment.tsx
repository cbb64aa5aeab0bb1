import { Tooltip } from '@mantine/core'
import { useNow } from '../api/use-now.ts'
import { useSpeech } from '../words/language.tsx'

/** "3 ngày trước", with the exact time on touch or hover: for lists. */
export function Age({ at }: { at: string }) {
  const { format } = useSpeech()
  const now = useNow()
  return (
    <Tooltip label={format.instant(at)}>
      <time dateTime={at}>{format.age(at, now)}</time>
    </Tooltip>
  )
}

/** The exact time with its age: for the page of one thing. */
export function Moment({ at }: { at: string }) {
  const { format } = useSpeech()
  const now = useNow()
  return (
    <time dateTime={at} style={{ whiteSpace: 'normal' }}>
      {format.instant(at)} <span className="dim">({format.age(at, now)})</span>
    </time>
  )
}
