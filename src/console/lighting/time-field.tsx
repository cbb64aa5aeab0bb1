import { Group, NumberInput, Select, Text, TextInput } from '@mantine/core'
import { useSpeech } from '../words/language.tsx'
import { isClock, type SunEvent, type TimeRef, toClock } from './program.ts'

const sunEvents: readonly SunEvent[] = ['sunset', 'dusk', 'dawn', 'sunrise']

function changed(time: TimeRef, kind: string): TimeRef {
  const event = sunEvents.find((one) => one === kind)
  if (event === undefined) return { kind: 'clock', at: '18:00' }
  return time.kind === 'sun' ? { ...time, event } : { kind: 'sun', event, offsetMin: 0 }
}

/** A fixed time, or minutes before or after a moment of the sun. */
export function TimeField(props: {
  label: string
  value: TimeRef
  onChange: (time: TimeRef) => void
  disabled: boolean
}) {
  const { words } = useSpeech()
  const { value, onChange, disabled } = props
  const text = words.lighting
  return (
    <Group gap="xs" align="flex-end">
      <Select
        label={props.label}
        w={170}
        disabled={disabled}
        data={[
          { value: 'clock', label: text.clock },
          ...sunEvents.map((event) => ({ value: event as string, label: text.sun[event] })),
        ]}
        value={value.kind === 'clock' ? 'clock' : value.event}
        onChange={(kind) => kind !== null && onChange(changed(value, kind))}
      />
      {value.kind === 'clock' ? (
        <TextInput
          aria-label={`${props.label}: ${text.clock}`}
          w={110}
          disabled={disabled}
          inputMode="numeric"
          value={value.at}
          onChange={(event) => onChange({ kind: 'clock', at: event.currentTarget.value })}
          onBlur={() => onChange({ kind: 'clock', at: toClock(value.at) })}
          error={!isClock(value.at) && text.badTime}
        />
      ) : (
        <NumberInput
          label={text.minutesOffset}
          w={150}
          disabled={disabled}
          value={value.offsetMin}
          onChange={(next) => onChange({ ...value, offsetMin: Number(next) })}
          min={-240}
          max={240}
          step={5}
          allowDecimal={false}
        />
      )}
      {value.kind === 'sun' && (value.notBefore ?? value.notAfter) !== undefined && (
        <Text size="sm" className="dim">
          {text.keepsLimits(value.notBefore ?? '…', value.notAfter ?? '…')}
        </Text>
      )}
    </Group>
  )
}
