import { z } from 'zod'
import { Id } from '../contract/api/common.ts'
import { Area, AreaChange, NewArea } from '../contract/api/register.ts'
import { Problem } from '../core/problem.ts'
import { type App, actorOf } from '../http/server.ts'
import type { Areas } from './store.ts'

/** Only who may write everywhere shapes the tree: moving an area moves rights. */
const demandEverywhere = (scope: { everywhere: boolean }) => {
  if (!scope.everywhere)
    throw new Problem('access.forbidden', 'the area tree is changed by who may change all of it')
}

export function areaRoutes(app: App, { areas }: { areas: Areas }): void {
  app.get(
    '/api/v1/areas',
    {
      config: { permission: 'area:read' },
      schema: { tags: ['areas'], response: { 200: z.array(Area) } },
    },
    (request) => areas.list(actorOf(request).scope('area:read')),
  )
  app.post(
    '/api/v1/areas',
    {
      config: { permission: 'area:write' },
      schema: { tags: ['areas'], body: NewArea, response: { 201: z.object({ id: Id }) } },
    },
    async (request, reply) => {
      demandEverywhere(actorOf(request).scope('area:write'))
      return reply.status(201).send({ id: await areas.add(request.body) })
    },
  )
  app.patch(
    '/api/v1/areas/:id',
    {
      config: { permission: 'area:write' },
      schema: {
        tags: ['areas'],
        params: z.object({ id: Id }),
        body: AreaChange,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      demandEverywhere(actorOf(request).scope('area:write'))
      await areas.change(request.params.id, request.body)
      return reply.status(204).send(null)
    },
  )
}
