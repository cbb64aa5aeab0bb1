import { z } from 'zod'
import { Id } from '../contract/api/common.ts'
import {
  LightingProgram,
  LightingRollout,
  NightPreview,
  PutLightingProgram,
} from '../contract/api/operations.ts'
import type { Clock } from '../core/clock.ts'
import { type App, actorOf } from '../http/server.ts'
import { demandWholeWeek } from './check.ts'
import type { PlanPlace } from './compile.ts'
import { previewNights } from './preview.ts'
import type { Lighting } from './store.ts'

type Ports = { lighting: Lighting; clock: Clock; place: PlanPlace }

const tags = ['lighting']
const params = z.object({ id: Id })
const read = { permission: 'lighting:read' } as const
const write = { permission: 'lighting:write' } as const

export function lightingRoutes(app: App, { lighting, clock, place }: Ports): void {
  app.get(
    '/api/v1/lighting',
    { config: read, schema: { tags, response: { 200: z.array(LightingProgram) } } },
    (request) => lighting.list(actorOf(request).scope('lighting:read')),
  )
  app.get(
    '/api/v1/areas/:id/lighting',
    { config: read, schema: { tags, params, response: { 200: LightingProgram } } },
    (request) => lighting.get(actorOf(request).scope('lighting:read'), request.params.id),
  )
  app.put(
    '/api/v1/areas/:id/lighting',
    {
      config: write,
      schema: {
        tags,
        params,
        body: PutLightingProgram,
        response: { 200: z.object({ version: z.int() }) },
      },
    },
    async (request) => ({
      version: await lighting.publish(actorOf(request), request.params.id, request.body),
    }),
  )
  app.get(
    '/api/v1/areas/:id/lighting/rollout',
    { config: read, schema: { tags, params, response: { 200: LightingRollout } } },
    (request) => lighting.rollout(actorOf(request).scope('lighting:read'), request.params.id),
  )
  app.post(
    '/api/v1/lighting/preview',
    {
      config: read,
      schema: {
        tags,
        body: PutLightingProgram.pick({ weekly: true }),
        response: { 200: NightPreview },
      },
    },
    (request) => {
      demandWholeWeek(request.body)
      return { nights: previewNights(request.body.weekly, place, { from: clock.now(), nights: 7 }) }
    },
  )
}
