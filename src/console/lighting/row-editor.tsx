import { ActionIcon, Button, Card, Chip, Group, NumberInput, Stack, Text } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useSpeech } from '../words/language.tsx'
import { type DraftRow, everyDay, newSegment, type Segment } from './program.ts'
import { TimeField } from './time-field.tsx'

type SegmentProps = {
  segment: Segment
  onChange: (segment: Segment) => void
  onRemove: () => void
  disabled: boolean
}

function SegmentEditor({ segment, onChange, onRemove, disabled }: SegmentProps) {
  const { words } = useSpeech()
  const text = words.lighting
  return (
    <Group gap="sm" align="flex-end">
      <TimeField
        label={text.from}
        value={segment.from}
        onChange={(from) => onChange({ ...segment, from })}
        disabled={disabled}
      />
      <TimeField
        label={text.to}
        value={segment.to}
        onChange={(to) => onChange({ ...segment, to })}
        disabled={disabled}
      />
      <NumberInput
        label={text.level}
        w={110}
        disabled={disabled}
        value={segment.level}
        onChange={(level) => onChange({ ...segment, level: Number(level) })}
        min={0}
        max={100}
        step={10}
        allowDecimal={false}
      />
      {segment.onlyWhenDark && (
        <Text size="sm" className="dim">
          {text.onlyWhenDark}
        </Text>
      )}
      {!disabled && (
        <ActionIcon variant="default" aria-label={text.removeSegment} onClick={onRemove}>
          <IconTrash aria-hidden size={18} />
        </ActionIcon>
      )}
    </Group>
  )
}

/** The hours of some nights of the week. */
export function RowEditor(props: {
  row: DraftRow
  onWeekdays: (weekdays: number[]) => void
  onChange: (row: DraftRow) => void
  onRemove: (() => void) | undefined
  disabled: boolean
}) {
  const { words } = useSpeech()
  const { row, onChange, disabled } = props
  const text = words.lighting
  const setSegments = (segments: Segment[]) => onChange({ ...row, segments })
  return (
    <Card component="fieldset" style={{ margin: 0 }}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Text fw={650} component="legend">
            {text.rowTitle}
          </Text>
          {props.onRemove && !disabled && (
            <Button variant="subtle" color="red" onClick={props.onRemove}>
              {text.removeRow}
            </Button>
          )}
        </Group>
        <Chip.Group
          multiple
          value={row.weekdays.map(String)}
          onChange={(days) => props.onWeekdays(days.map(Number))}
        >
          <Group gap={6}>
            {everyDay.map((day) => (
              <Chip key={day} value={String(day)} disabled={disabled} size="md" variant="outline">
                <span title={text.weekdays[day]}>{text.weekdaysShort[day]}</span>
              </Chip>
            ))}
          </Group>
        </Chip.Group>
        {row.segments.length === 0 && <Text className="dim">{text.darkNight}</Text>}
        {row.segments.map((segment, index) => (
          <SegmentEditor
            // Segments have no name of their own; their place in the row is what they are.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            key={index}
            segment={segment}
            disabled={disabled}
            onChange={(next) => setSegments(row.segments.with(index, next))}
            onRemove={() => setSegments(row.segments.toSpliced(index, 1))}
          />
        ))}
        {!disabled && row.segments.length < 20 && (
          <Group>
            <Button
              variant="default"
              leftSection={<IconPlus aria-hidden size={18} />}
              onClick={() => setSegments([...row.segments, newSegment])}
            >
              {text.addSegment}
            </Button>
          </Group>
        )}
      </Stack>
    </Card>
  )
}
