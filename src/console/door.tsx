import { Center, Loader } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { LiveProvider } from './api/live.tsx'
import { SessionProvider, useSessionQuery } from './api/session.tsx'
import { MustChangePage } from './pages/must-change.tsx'
import { SignInPage } from './pages/sign-in.tsx'
import { Failed } from './parts/loaded.tsx'
import { Shell } from './shell.tsx'
import { useSpeech } from './words/language.tsx'

/** Nobody passes without a session; the address asked for stays, so that signing in leads to it. */
export function Door() {
  const session = useSessionQuery()
  const { words, suggest } = useSpeech()
  const wasIn = useRef(false)
  const language = session.data?.user.language
  useEffect(() => {
    if (language) suggest(language)
  }, [language, suggest])
  if (session.data) wasIn.current = true

  if (session.data === undefined) {
    return (
      <Center mih="100dvh" p="md">
        {session.error ? (
          <Failed error={session.error} retry={session.refetch} />
        ) : (
          <Loader aria-label={words.loading} />
        )}
      </Center>
    )
  }
  if (session.data === null) return <SignInPage ended={wasIn.current} />
  if (session.data.mustChangePassword) return <MustChangePage />
  return (
    <SessionProvider session={session.data}>
      <LiveProvider>
        <Shell />
      </LiveProvider>
    </SessionProvider>
  )
}
