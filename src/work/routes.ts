import { z } from 'zod'
import {
  SlaCalendar,
  SlaClocks,
  SlaCompliance,
  SlaPolicy,
  SlaQuery,
} from '../contract/api/operations.ts'
import { type App, actorOf } from '../http/server.ts'
import type { Work } from './store.ts'

const tags = ['sla']
const read = { permission: 'sla:read' } as const
const write = { permission: 'sla:write' } as const
const Version = z.object({ version: z.int() })

export function workRoutes(app: App, { work }: { work: Work }): void {
  app.get(
    '/api/v1/sla/compliance',
    {
      config: read,
      schema: { tags, querystring: SlaQuery, response: { 200: z.array(SlaCompliance) } },
    },
    (request) => work.compliance(actorOf(request).scope('sla:read'), request.query),
  )
  app.get(
    '/api/v1/sla/clocks',
    {
      config: read,
      schema: { tags, querystring: SlaQuery, response: { 200: z.array(SlaClocks) } },
    },
    (request) => work.clocks(actorOf(request).scope('sla:read'), request.query),
  )
  app.get(
    '/api/v1/sla/calendars',
    { config: read, schema: { tags, response: { 200: z.array(SlaCalendar) } } },
    () => work.calendars(),
  )
  app.put(
    '/api/v1/sla/calendars',
    { config: write, schema: { tags, body: SlaCalendar, response: { 200: Version } } },
    async (request) => ({ version: await work.putCalendar(actorOf(request), request.body) }),
  )
  app.get(
    '/api/v1/sla/policies',
    { config: read, schema: { tags, response: { 200: z.array(SlaPolicy) } } },
    () => work.policies(),
  )
  app.put(
    '/api/v1/sla/policies',
    { config: write, schema: { tags, body: SlaPolicy, response: { 200: Version } } },
    async (request) => ({ version: await work.putPolicy(actorOf(request), request.body) }),
  )
}
