import {
  IconAlertTriangle,
  IconBell,
  IconBulb,
  IconClockCheck,
  IconDeviceCctv,
  IconHistory,
  IconLayoutDashboard,
  IconRouter,
  IconServer2,
  IconUsers,
} from '@tabler/icons-react'
import type { Permission } from '../contract/api/access.ts'
import type { Words } from './words/vi.ts'

export type NavItem = {
  to: string
  label: keyof Words['nav']
  /** For the narrow bar at the bottom of a phone. */
  shortLabel?: keyof Words['nav']
  Icon: typeof IconBell
  needs: Permission
  /** Only for rights that hold everywhere: the hub gives no part of it. */
  ofEverything?: true
}

/** Every page of the menu; who may not read it does not see it. The first four are for thumbs. */
export const navItems: readonly NavItem[] = [
  { to: '/', label: 'overview', Icon: IconLayoutDashboard, needs: 'asset:read' },
  { to: '/alerts', label: 'alerts', Icon: IconAlertTriangle, needs: 'alert:read' },
  { to: '/devices', label: 'devices', Icon: IconDeviceCctv, needs: 'asset:read' },
  {
    to: '/lighting',
    label: 'lighting',
    shortLabel: 'lightingShort',
    Icon: IconBulb,
    needs: 'lighting:read',
  },
  { to: '/sla', label: 'sla', Icon: IconClockCheck, needs: 'sla:read' },
  { to: '/agents', label: 'agents', Icon: IconRouter, needs: 'agent:read' },
  { to: '/admin/users', label: 'users', Icon: IconUsers, needs: 'user:read', ofEverything: true },
  { to: '/admin/notify', label: 'notify', Icon: IconBell, needs: 'notify:read' },
  {
    to: '/admin/audit',
    label: 'audit',
    Icon: IconHistory,
    needs: 'audit:read',
    ofEverything: true,
  },
  { to: '/admin/status', label: 'status', Icon: IconServer2, needs: 'system:read' },
]

/** Is this menu item the page shown? The overview also holds the areas. */
export function isCurrent(item: NavItem, path: string): boolean {
  if (item.to === '/') return path === '/' || path.startsWith('/areas/')
  return path === item.to || path.startsWith(`${item.to}/`)
}
