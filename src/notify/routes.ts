import { z } from 'zod'
import { Id, PageQuery, pageOf } from '../contract/api/common.ts'
import { Delivery, NewNotifyTarget, NotifyTarget } from '../contract/api/operations.ts'
import { type App, actorOf } from '../http/server.ts'
import type { Notify } from './store.ts'

const tags = ['notify']
const read = { permission: 'notify:read' } as const
const write = { permission: 'notify:write' } as const

export function notifyRoutes(app: App, { notify }: { notify: Notify }): void {
  app.get(
    '/api/v1/notify/targets',
    { config: read, schema: { tags, response: { 200: z.array(NotifyTarget) } } },
    (request) => notify.list(actorOf(request).scope('notify:read')),
  )
  app.post(
    '/api/v1/notify/targets',
    { config: write, schema: { tags, body: NewNotifyTarget, response: { 201: NotifyTarget } } },
    async (request, reply) =>
      reply.status(201).send(await notify.add(actorOf(request), request.body)),
  )
  app.patch(
    '/api/v1/notify/targets/:id',
    {
      config: write,
      schema: {
        tags,
        params: z.object({ id: Id }),
        body: z.object({ enabled: z.boolean() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await notify.setEnabled(actorOf(request), request.params.id, request.body.enabled)
      return reply.status(204).send(null)
    },
  )
  app.get(
    '/api/v1/notify/deliveries',
    { config: read, schema: { tags, querystring: PageQuery, response: { 200: pageOf(Delivery) } } },
    (request) => notify.deliveries(actorOf(request).scope('notify:read'), request.query),
  )
}
