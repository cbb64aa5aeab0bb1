import { Center, Loader } from '@mantine/core'
import { type ComponentType, lazy, type ReactNode, Suspense } from 'react'
import { Route, Routes } from 'react-router'
import type { Permission } from '../contract/api/access.ts'
import { useMay } from './api/session.tsx'
import { AccountPage } from './pages/account.tsx'
import { AlertPage } from './pages/alert.tsx'
import { AlertsPage } from './pages/alerts.tsx'
import { DevicesPage } from './pages/devices.tsx'
import { NotFoundPage } from './pages/not-found.tsx'
import { OverviewPage } from './pages/overview.tsx'
import { useSpeech } from './words/language.tsx'

/** A page that is not field work loads when it is asked for. */
const later = (load: () => Promise<ComponentType>) => lazy(async () => ({ default: await load() }))

const DevicePage = later(async () => (await import('./pages/device.tsx')).DevicePage)
const LightingPage = later(async () => (await import('./pages/lighting.tsx')).LightingPage)
const LightingAreaPage = later(
  async () => (await import('./pages/lighting-area.tsx')).LightingAreaPage,
)
const SlaPage = later(async () => (await import('./pages/sla.tsx')).SlaPage)
const AgentsPage = later(async () => (await import('./pages/agents.tsx')).AgentsPage)
const UsersPage = later(async () => (await import('./pages/users.tsx')).UsersPage)
const NotifyPage = later(async () => (await import('./pages/notify.tsx')).NotifyPage)
const AuditPage = later(async () => (await import('./pages/audit.tsx')).AuditPage)
const StatusPage = later(async () => (await import('./pages/status.tsx')).StatusPage)

function Needs({ right, children }: { right: Permission; children: ReactNode }) {
  const may = useMay()
  return may(right) ? children : <NotFoundPage />
}

const pages: readonly { path: string; right: Permission; Page: ComponentType }[] = [
  { path: '/', right: 'asset:read', Page: OverviewPage },
  { path: '/areas/:id', right: 'asset:read', Page: OverviewPage },
  { path: '/devices', right: 'asset:read', Page: DevicesPage },
  { path: '/devices/:id', right: 'asset:read', Page: DevicePage },
  { path: '/alerts', right: 'alert:read', Page: AlertsPage },
  { path: '/alerts/:id', right: 'alert:read', Page: AlertPage },
  { path: '/lighting', right: 'lighting:read', Page: LightingPage },
  { path: '/lighting/:id', right: 'lighting:read', Page: LightingAreaPage },
  { path: '/sla', right: 'sla:read', Page: SlaPage },
  { path: '/agents', right: 'agent:read', Page: AgentsPage },
  { path: '/admin/users', right: 'user:read', Page: UsersPage },
  { path: '/admin/notify', right: 'notify:read', Page: NotifyPage },
  { path: '/admin/audit', right: 'audit:read', Page: AuditPage },
  { path: '/admin/status', right: 'system:read', Page: StatusPage },
]

export function Pages() {
  const { words } = useSpeech()
  return (
    <Suspense
      fallback={
        <Center py="xl">
          <Loader aria-label={words.loading} />
        </Center>
      }
    >
      <Routes>
        {pages.map(({ path, right, Page }) => (
          <Route
            key={path}
            path={path}
            element={
              <Needs right={right}>
                <Page />
              </Needs>
            }
          />
        ))}
        <Route path="/account" element={<AccountPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </Suspense>
  )
}
