import { Alert, Button, Card, Group, Stack, Text, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useSpeech } from '../words/language.tsx'
import { type Draft, missingDays, newRow, setWeekdays } from './program.ts'
import { RowEditor } from './row-editor.tsx'

/** The weekly hours of an area, editable or only to be read. */
export function ProgramEditor(props: {
  draft: Draft
  onChange: (draft: Draft) => void
  disabled: boolean
}) {
  const { words } = useSpeech()
  const { draft, onChange, disabled } = props
  const text = words.lighting
  const setRows = (rows: Draft['rows']) => onChange({ ...draft, rows })
  const missing = missingDays(draft.rows)
  return (
    <Stack gap="sm">
      <Card>
        <TextInput
          label={text.programName}
          value={draft.name}
          onChange={(event) => onChange({ ...draft, name: event.currentTarget.value })}
          disabled={disabled}
          maxLength={120}
          error={draft.name.trim() === '' && words.required}
        />
        <Text size="sm" className="dim" mt="xs">
          {text.weeklyHint}
        </Text>
      </Card>
      {draft.rows.map((row) => (
        <RowEditor
          key={row.key}
          row={row}
          disabled={disabled}
          onWeekdays={(weekdays) => setRows(setWeekdays(draft.rows, row.key, weekdays))}
          onChange={(next) => setRows(draft.rows.map((one) => (one.key === row.key ? next : one)))}
          onRemove={
            draft.rows.length > 1
              ? () => setRows(draft.rows.filter((one) => one.key !== row.key))
              : undefined
          }
        />
      ))}
      {missing.length > 0 && (
        <Alert color="orange" role="alert">
          {text.missingDays(missing.map((day) => text.weekdays[day]).join(', '))}
        </Alert>
      )}
      {!disabled && draft.rows.length < 7 && (
        <Group>
          <Button
            variant="default"
            leftSection={<IconPlus aria-hidden size={18} />}
            onClick={() => setRows([...draft.rows, newRow(missing)])}
          >
            {text.addRow}
          </Button>
        </Group>
      )}
    </Stack>
  )
}
