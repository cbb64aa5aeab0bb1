import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useTell } from '../api/tell.tsx'
import { useSpeech } from '../words/language.tsx'

/** Asks before something that is not easily undone; `note` adds a line of the user's own words. */
export function Confirm(props: {
  opened: boolean
  onClose: () => void
  title: string
  text?: ReactNode
  button: string
  danger?: boolean
  note?: { label: string; hint?: string }
  run: (note: string) => Promise<unknown>
}) {
  const { words } = useSpeech()
  const tell = useTell()
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    try {
      await props.run(note.trim())
      setNote('')
      props.onClose()
    } catch (error) {
      tell.refused(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={props.title}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run()
        }}
      >
        <Stack>
          {props.text && <Text>{props.text}</Text>}
          {props.note && (
            <Textarea
              label={props.note.label}
              description={props.note.hint}
              value={note}
              onChange={(event) => setNote(event.currentTarget.value)}
              maxLength={300}
              autosize
              minRows={2}
              data-autofocus
            />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              {words.cancel}
            </Button>
            <Button type="submit" loading={busy} {...(props.danger ? { color: 'red' } : {})}>
              {props.button}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
