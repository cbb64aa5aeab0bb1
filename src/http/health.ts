import { z } from 'zod'
import { HubStatus } from '../contract/api/operations.ts'
import type { Clock } from '../core/clock.ts'
import type { App } from './server.ts'

export type PartState = { name: string; state: 'ok' | 'degraded' | 'down'; reason: string | null }

type HealthPorts = {
  clock: Clock
  version: string
  startedAt: number
  /** Each part of the hub with its state; `down` means not ready. */
  parts: () => Promise<PartState[]>
  agentsConnected: () => number
  metrics: () => Promise<{ type: string; body: string }>
}

const tags = ['hub']
const Ready = z.object({ ready: z.boolean(), down: z.array(z.string()) })

/** /healthz: the process answers. /readyz: it can do its work. /metrics: Prometheus text. */
export function healthRoutes(app: App, ports: HealthPorts): void {
  app.get(
    '/healthz',
    {
      config: { permission: 'public' },
      schema: { tags, response: { 200: z.object({ ok: z.boolean() }) } },
    },
    () => ({ ok: true }),
  )
  app.get(
    '/readyz',
    { config: { permission: 'public' }, schema: { tags, response: { 200: Ready, 503: Ready } } },
    async (_request, reply) => {
      const parts = await ports.parts()
      const down = parts.filter((part) => part.state === 'down').map((part) => part.name)
      return reply.status(down.length === 0 ? 200 : 503).send({ ready: down.length === 0, down })
    },
  )
  app.get(
    '/metrics',
    {
      config: { permission: 'public' },
      schema: {
        tags,
        response: {
          200: { description: 'Prometheus', content: { 'text/plain': { schema: z.string() } } },
        },
      },
    },
    async (_request, reply) => {
      const { type, body } = await ports.metrics()
      return reply
        .type(type)
        .serializer((text: unknown) => String(text))
        .send(body)
    },
  )
  app.get(
    '/api/v1/status',
    { config: { permission: 'signed-in' }, schema: { tags, response: { 200: HubStatus } } },
    async () => ({
      version: ports.version,
      startedAt: new Date(ports.startedAt).toISOString(),
      now: new Date(ports.clock.now()).toISOString(),
      parts: await ports.parts(),
      agentsConnected: ports.agentsConnected(),
    }),
  )
}
