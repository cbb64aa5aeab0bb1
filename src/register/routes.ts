import { z } from 'zod'
import { Id } from '../contract/api/common.ts'
import {
  AssetChange,
  Contract,
  FitEquipment,
  LifecycleStep,
  NewAsset,
  NewBinding,
  NewContract,
  NewOwner,
  NewSite,
  Site,
} from '../contract/api/register.ts'
import { type App, actorOf } from '../http/server.ts'
import type { Register } from './store.ts'

const Made = z.object({ id: Id })
const config = { permission: 'asset:write' } as const
const tags = ['register']
const at = (instant: string | undefined) =>
  instant === undefined ? undefined : Date.parse(instant)

function assetRoutes(app: App, register: Register): void {
  app.post(
    '/api/v1/assets',
    { config, schema: { tags, body: NewAsset, response: { 201: Made } } },
    async (request, reply) =>
      reply.status(201).send({ id: await register.addAsset(actorOf(request), request.body) }),
  )
  app.patch(
    '/api/v1/assets/:id',
    { config, schema: { tags, params: Made, body: AssetChange, response: { 200: Made } } },
    async (request) => ({
      id: await register.changeAsset(actorOf(request), request.params.id, request.body),
    }),
  )
  app.post(
    '/api/v1/assets/:id/lifecycle',
    { config, schema: { tags, params: Made, body: LifecycleStep, response: { 200: Made } } },
    async (request) => ({
      id: await register.stepLifecycle(actorOf(request), request.params.id, request.body),
    }),
  )
  app.post(
    '/api/v1/assets/:id/equipment',
    { config, schema: { tags, params: Made, body: FitEquipment, response: { 200: Made } } },
    async (request) => {
      const { at: fittedAt, ...device } = request.body
      const fit = { device, at: at(fittedAt) }
      return { id: await register.fitEquipment(actorOf(request), request.params.id, fit) }
    },
  )
}

function bindingRoutes(app: App, register: Register): void {
  app.post(
    '/api/v1/bindings',
    { config, schema: { tags, body: NewBinding, response: { 201: Made } } },
    async (request, reply) => {
      const { from, ...binding } = request.body
      return reply
        .status(201)
        .send({ id: await register.bind(actorOf(request), binding, at(from)) })
    },
  )
  app.delete(
    '/api/v1/bindings/:id',
    { config, schema: { tags, params: Made, response: { 200: Made } } },
    async (request) => ({ id: await register.unbind(actorOf(request), request.params.id) }),
  )
}

function partyRoutes(app: App, register: Register): void {
  app.post(
    '/api/v1/sites',
    { config, schema: { tags, body: NewSite, response: { 201: Made } } },
    async (request, reply) =>
      reply.status(201).send({ id: await register.addSite(actorOf(request), request.body) }),
  )
  app.get(
    '/api/v1/sites',
    { config: { permission: 'asset:read' }, schema: { tags, response: { 200: z.array(Site) } } },
    (request) => register.listSites(actorOf(request).scope('asset:read')),
  )
  app.post(
    '/api/v1/owners',
    { config, schema: { tags, body: NewOwner, response: { 201: Made } } },
    async (request, reply) =>
      reply.status(201).send({ id: await register.addOwner(actorOf(request), request.body) }),
  )
  app.post(
    '/api/v1/contracts',
    { config, schema: { tags, body: NewContract, response: { 201: Made } } },
    async (request, reply) =>
      reply.status(201).send({ id: await register.addContract(actorOf(request), request.body) }),
  )
  app.get(
    '/api/v1/contracts',
    {
      config: { permission: 'asset:read' },
      schema: { tags, response: { 200: z.array(Contract) } },
    },
    (request) => register.listContracts(actorOf(request).scope('asset:read')),
  )
}

export function registerRoutes(app: App, { register }: { register: Register }): void {
  assetRoutes(app, register)
  bindingRoutes(app, register)
  partyRoutes(app, register)
}
