import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { BrowserRouter } from 'react-router'
import { ApiProblem } from './api/client.ts'
import { Door } from './door.tsx'
import { CrashGuard } from './parts/crash-guard.tsx'
import { darkerGreys, theme } from './theme.ts'
import { SpeechProvider } from './words/language.tsx'

/** A refusal stays a refusal; only silence and a failing hub are worth another try. */
const worthAnotherTry = (failures: number, error: unknown): boolean =>
  failures < 2 && error instanceof ApiProblem && (error.status === 0 || error.status >= 500)

const client = new QueryClient({
  defaultOptions: { queries: { staleTime: 5_000, retry: worthAnotherTry } },
})

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={darkerGreys}>
      <SpeechProvider>
        <CrashGuard>
          <QueryClientProvider client={client}>
            <Notifications position="top-center" />
            <BrowserRouter>
              <Door />
            </BrowserRouter>
          </QueryClientProvider>
        </CrashGuard>
      </SpeechProvider>
    </MantineProvider>
  )
}
