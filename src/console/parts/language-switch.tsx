import { SegmentedControl } from '@mantine/core'
import { useSpeech } from '../words/language.tsx'

/** Vietnamese or English, each named in itself. */
export function LanguageSwitch() {
  const { language, words, choose } = useSpeech()
  return (
    <SegmentedControl
      aria-label={words.languageLabel}
      value={language}
      onChange={(next) => choose(next === 'en' ? 'en' : 'vi')}
      data={[
        { value: 'vi', label: 'VI' },
        { value: 'en', label: 'EN' },
      ]}
    />
  )
}
