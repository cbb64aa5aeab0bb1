import { z } from 'zod'
import { Id, pageOf } from '../contract/api/common.ts'
import { Alert, AlertAction, AlertDetail, AlertQuery } from '../contract/api/operations.ts'
import { type App, actorOf } from '../http/server.ts'
import type { AlertStore } from './store.ts'

const tags = ['alerts']
const params = z.object({ id: Id })

export function alertRoutes(app: App, { alerts }: { alerts: AlertStore }): void {
  app.get(
    '/api/v1/alerts',
    {
      config: { permission: 'alert:read' },
      schema: { tags, querystring: AlertQuery, response: { 200: pageOf(Alert) } },
    },
    (request) => alerts.list(actorOf(request).scope('alert:read'), request.query),
  )
  app.get(
    '/api/v1/alerts/:id',
    {
      config: { permission: 'alert:read' },
      schema: { tags, params, response: { 200: AlertDetail } },
    },
    (request) => alerts.get(actorOf(request).scope('alert:read'), request.params.id),
  )
  app.post(
    '/api/v1/alerts/:id/acknowledge',
    {
      config: { permission: 'alert:ack' },
      schema: { tags, params, body: AlertAction, response: { 204: z.null() } },
    },
    async (request, reply) => {
      await alerts.acknowledge(actorOf(request), request.params.id, request.body.note)
      return reply.status(204).send(null)
    },
  )
  app.post(
    '/api/v1/alerts/:id/resolve',
    {
      config: { permission: 'alert:resolve' },
      schema: { tags, params, body: AlertAction, response: { 204: z.null() } },
    },
    async (request, reply) => {
      await alerts.resolve(actorOf(request), request.params.id, request.body.note)
      return reply.status(204).send(null)
    },
  )
}
