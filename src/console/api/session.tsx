import { useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect } from 'react'
import type { Permission, Session } from '../../contract/api/access.ts'
import { api, holdCsrf, isProblem, whenSessionChanges } from './client.ts'

const sessionKey = ['session']

async function loadSession(): Promise<Session | null> {
  try {
    const session = await api.get<Session>('/api/v1/session')
    holdCsrf(session.csrf)
    return session
  } catch (error) {
    if (isProblem(error, 'access.signed-out')) return null
    throw error
  }
}

/** Who is signed in: a session, null for nobody, undefined while we ask. */
export function useSessionQuery() {
  const client = useQueryClient()
  useEffect(() => {
    whenSessionChanges({
      signedOut: () => client.setQueryData(sessionKey, null),
      oldToken: () => void client.invalidateQueries({ queryKey: sessionKey }),
    })
  }, [client])
  return useQuery({
    queryKey: sessionKey,
    queryFn: loadSession,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: true,
  })
}

/** Signing in and out; what the last user saw is forgotten both times. */
export function useSessionActions() {
  const client = useQueryClient()
  // The session itself stays: whoever watches a removed query never hears of it again.
  const forget = () =>
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionKey[0] })
  return {
    signIn: async (username: string, password: string): Promise<Session> => {
      const session = await api.post<Session>('/api/v1/session', { username, password })
      holdCsrf(session.csrf)
      forget()
      client.setQueryData(sessionKey, session)
      return session
    },
    signOut: async (): Promise<void> => {
      await api.delete('/api/v1/session')
      forget()
      client.setQueryData(sessionKey, null)
    },
    changePassword: async (current: string, next: string): Promise<void> => {
      await api.put('/api/v1/session/password', { current, next })
      await client.invalidateQueries({ queryKey: sessionKey })
    },
  }
}

const SessionContext = createContext<Session | undefined>(undefined)

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  return <SessionContext value={session}>{children}</SessionContext>
}

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('SessionProvider is missing')
  return session
}

/** May this user do it somewhere? The hub decides where; menus only hide. */
export function useMay(): (permission: Permission) => boolean {
  const { permissions } = useSession()
  return (permission) => permissions.includes(permission)
}
