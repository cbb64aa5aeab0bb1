import { Select } from '@mantine/core'
import { useSpeech } from '../words/language.tsx'

/** One of a few named values, or all. */
export function Choice(props: {
  label: string
  options: Readonly<Record<string, string>>
  value: string | undefined
  onChange: (value: string | null) => void
}) {
  const { words } = useSpeech()
  return (
    <Select
      label={props.label}
      data={[
        { value: '', label: words.all },
        ...Object.entries(props.options).map(([value, label]) => ({ value, label })),
      ]}
      value={props.value ?? ''}
      onChange={(value) => props.onChange(value === '' ? null : value)}
    />
  )
}
