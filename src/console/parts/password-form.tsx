import { Button, PasswordInput, Stack } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useSessionActions } from '../api/session.tsx'
import { useTell } from '../api/tell.tsx'
import { useSpeech } from '../words/language.tsx'
import { Failed } from './loaded.tsx'

const shortest = 10

/** The user's own password: present one, new one twice. */
export function PasswordForm() {
  const { words } = useSpeech()
  const tell = useTell()
  const { changePassword } = useSessionActions()
  const [next, setNext] = useState('')
  const [again, setAgain] = useState('')
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (next.length < shortest || next !== again) return
    const form = event.currentTarget
    const current = String(new FormData(form).get('current'))
    setBusy(true)
    setError(undefined)
    try {
      await changePassword(current, next)
      form.reset()
      setNext('')
      setAgain('')
      tell.done(words.password.done)
    } catch (refusal) {
      setError(refusal)
    } finally {
      setBusy(false)
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        {error !== undefined && <Failed error={error} />}
        <PasswordInput
          label={words.password.current}
          name="current"
          autoComplete="current-password"
          required
          withAsterisk={false}
        />
        <PasswordInput
          label={words.password.next}
          description={words.password.rule}
          autoComplete="new-password"
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          error={next !== '' && next.length < shortest && words.password.tooShort}
          required
          withAsterisk={false}
        />
        <PasswordInput
          label={words.password.again}
          autoComplete="new-password"
          value={again}
          onChange={(event) => setAgain(event.currentTarget.value)}
          error={again !== '' && again !== next && words.password.differs}
          required
          withAsterisk={false}
        />
        <Button type="submit" loading={busy}>
          {words.password.button}
        </Button>
      </Stack>
    </form>
  )
}
