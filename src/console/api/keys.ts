import type { QueryKey } from '@tanstack/react-query'

/** Names of what is read from the hub, so that events know what they make old. */
export const keys = {
  areas: ['areas'],
  summary: ['area-summary'],
  devices: ['devices'],
  device: (id: string) => ['device', id],
  series: (id: string) => ['series', id],
  alerts: ['alerts'],
  lighting: ['lighting'],
  sla: ['sla'],
  agents: ['agents'],
  users: ['users'],
  notify: ['notify'],
  audit: ['audit'],
  status: ['status'],
} as const

/** What the hub sends by name; an EventSource hears only names it asks for. */
export const liveKinds = [
  'alert.opened',
  'alert.reopened',
  'alert.resolved',
  'alert.severity',
  'alert.acknowledged',
  'alert.attached',
  'alert.detached',
  'asset.added',
  'asset.changed',
  'asset.lifecycle',
  'binding.changed',
  'area.added',
  'area.changed',
  'agent.adopted',
  'agent.enrolled',
  'agent.changed',
  'agent.revoked',
  'twin.desired',
  'twin.reported',
  'lighting.published',
  'sla.changed',
  'user.added',
  'user.changed',
  'notify.target-added',
  'notify.target-changed',
] as const

const devicePages = [keys.devices, ['device'], keys.summary]

const byRoom: Record<string, readonly QueryKey[]> = {
  alert: [keys.alerts, keys.sla, keys.notify, ...devicePages],
  asset: devicePages,
  binding: [...devicePages, keys.agents],
  area: [keys.areas, keys.summary],
  agent: [keys.agents, ...devicePages],
  twin: [keys.agents, keys.lighting, ['device']],
  lighting: [keys.lighting, ['device']],
  sla: [keys.sla],
  user: [keys.users],
  notify: [keys.notify],
}

/** What became old by an event of this kind (`alert.opened`). */
export const keysOf = (kind: string): readonly QueryKey[] => {
  const room = kind.split('.')[0] ?? ''
  return Object.hasOwn(byRoom, room) ? (byRoom[room] ?? []) : []
}
