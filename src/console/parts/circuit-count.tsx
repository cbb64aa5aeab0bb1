import { Stack, Text } from '@mantine/core'
import type { AreaSummary } from '../../contract/api/operations.ts'
import { useSpeech } from '../words/language.tsx'

/** Circuits lit, dark and burning by day, beside the number of cabinets. */
export function CircuitCount({ cabinets }: { cabinets: AreaSummary['cabinets'] }) {
  const { words, format } = useSpeech()
  const text = words.overview
  if (cabinets.registered === 0) return <Text className="dim">{text.noCabinets}</Text>
  const faults = [
    [cabinets.dark, text.dark],
    [cabinets.dayBurning, text.dayBurning],
  ] as const
  return (
    <Stack gap={6}>
      <div>
        <span className="figure-number">{format.count(cabinets.lit)}</span> {text.lit}
      </div>
      <Text size="sm">
        {faults.map(([count, name]) => (
          <Text key={name} span inherit {...(count > 0 ? { c: 'var(--ink-fault)', fw: 600 } : {})}>
            {format.count(count)} {name} ·{' '}
          </Text>
        ))}
        {text.cabinets(format.count(cabinets.registered))}
      </Text>
    </Stack>
  )
}
