import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { useSpeech } from '../words/language.tsx'

/**
 * Text to be taken elsewhere: selected by one touch, copied by a button where the browser allows
 * it (only over HTTPS).
 */
export function SecretField({ label, value }: { label: string; value: string }) {
  const { words } = useSpeech()
  const clipboard = useClipboard()
  return (
    <Stack gap={4}>
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <TextInput
          label={label}
          value={value}
          readOnly
          onFocus={(event) => event.currentTarget.select()}
          classNames={{ input: 'mono' }}
          flex={1}
        />
        {window.isSecureContext && (
          <Button variant="default" onClick={() => clipboard.copy(value)}>
            {clipboard.copied ? words.copied : words.copy}
          </Button>
        )}
      </Group>
      {value.length > 30 && (
        <Text size="sm" className="mono">
          {value}
        </Text>
      )}
    </Stack>
  )
}
