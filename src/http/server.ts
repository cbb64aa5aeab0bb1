/**
 * The HTTP door: Fastify with zod schemas, problem+json, OpenAPI and a permission on every route.
 * A route without a permission does not start. Rooms register their routes; this room knows none.
 */
import type { Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import fastifyCookie from '@fastify/cookie'
import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyInstance, type FastifyRequest, LogController } from 'fastify'
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import type { Permission } from '../contract/api/access.ts'
import type { Log } from '../core/log.ts'
import { Problem } from '../core/problem.ts'
import type { Actor } from './actor.ts'
import { answerError, answerNotFound } from './errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `public`: nobody need sign in. `signed-in`: anybody who did. */
    permission?: Permission | 'public' | 'signed-in'
  }
  interface FastifyRequest {
    actor: Actor | undefined
  }
}

export type Http = {
  app: App
  /** Opens the listeners; ports as really bound. */
  listen: (options: ListenOptions) => Promise<{ port: number; tlsPort: number | undefined }>
  close: () => Promise<void>
}

export type App = ReturnType<typeof withZod>

type ListenOptions = {
  host: string
  port: number
  tls?: { host: string; port: number; key: string; cert: string }
  /** Is given each server before it listens, for what is not HTTP (MQTT over WebSocket). */
  attach: (server: Server) => void
}

type HttpOptions = {
  log: Log
  version: string
  /** Finds out who asks; undefined = nobody signed in. Throws a Problem for a bad token or CSRF. */
  authenticate: (request: FastifyRequest) => Promise<Actor | undefined>
}

const withZod = (app: FastifyInstance) => {
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  return app.withTypeProvider<ZodTypeProvider>()
}

/** The actor of a request on a route that demands one. */
export function actorOf(request: FastifyRequest): Actor {
  if (!request.actor) throw new Problem('access.signed-out', 'sign in first')
  return request.actor
}

async function guard(options: HttpOptions, request: FastifyRequest): Promise<void> {
  if (request.is404) return
  const { permission } = request.routeOptions.config
  if (permission === 'public') return
  request.actor = await options.authenticate(request)
  const actor = actorOf(request)
  if (permission && permission !== 'signed-in' && !actor.may(permission)) {
    throw new Problem('access.forbidden', `this needs the right ${permission}`)
  }
}

const pagesOnly =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"

function harden(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    reply.header('referrer-policy', 'same-origin')
    if (request.url.startsWith('/api/docs')) return
    reply.header('content-security-policy', pagesOnly)
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store')
  })
}

/** The document says who may use a route, and that every refusal is one and the same problem. */
const transform: typeof jsonSchemaTransform = (about) => {
  const { schema, url } = jsonSchemaTransform(about)
  const permission = about.route.config?.permission ?? 'public'
  return { url, schema: { ...schema, 'x-permission': permission } as never }
}

const refusal = {
  description: 'A refusal (RFC 9457); `code` says which',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

type Operations = Record<string, { responses?: Record<string, unknown>; security?: unknown }>

const transformObject: typeof jsonSchemaTransformObject = (about) => {
  // What zod shares between schemas it names as another document; here it is a part of this one.
  const document = JSON.parse(
    JSON.stringify(jsonSchemaTransformObject(about)).replaceAll('/__shared#/', '/__shared/'),
  ) as ReturnType<typeof jsonSchemaTransformObject>
  for (const path of Object.values(document.paths ?? {}) as Operations[]) {
    for (const operation of Object.values(path)) {
      operation.responses = { ...operation.responses, default: refusal }
      if ((operation as { 'x-permission'?: string })['x-permission'] === 'public')
        operation.security = []
    }
  }
  return document
}

async function addOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'An Sáng', version, description: 'Cameras that record, roads that are lit.' },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: 'ansang_session' },
          token: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ session: [] }, { token: [] }],
    },
    transform,
    transformObject,
  })
  await app.register(fastifySwaggerUi, {
    routePrefix: '/api/docs',
    uiHooks: {},
  })
}

/**
 * Everything below /api must say who may use it. Outside of it, and in the API reference, there is
 * only what anybody may have: the console's files, health and counts.
 */
function demandPermissions(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const isReference = route.url.startsWith('/api/docs')
    if (isReference || !route.url.startsWith('/api/')) {
      route.config = { permission: 'public', ...route.config }
      if (isReference) route.schema = { ...route.schema, hide: true }
    }
    if (!route.config?.permission) {
      throw new Error(`route ${String(route.method)} ${route.url} names no permission`)
    }
  })
}

/** Builds the server without listening; rooms add their routes to `app` next. */
export async function createHttp(options: HttpOptions): Promise<Http> {
  const app = withZod(
    Fastify({
      loggerInstance: options.log as never,
      logController: new LogController({ disableRequestLogging: true }),
      bodyLimit: 1_048_576,
      forceCloseConnections: true,
      trustProxy: 'loopback',
      frameworkErrors: answerError as never,
      routerOptions: { maxParamLength: 200 },
    }) as unknown as FastifyInstance,
  )
  app.decorateRequest('actor', undefined)
  app.setErrorHandler(answerError as never)
  app.setNotFoundHandler(answerNotFound)
  await app.register(fastifyCookie)
  demandPermissions(app)
  harden(app)
  await addOpenApi(app, options.version)
  app.addHook('preValidation', (request) => guard(options, request))
  app.get('/api/openapi.json', { config: { permission: 'public' }, schema: { hide: true } }, () =>
    app.swagger(),
  )

  let tlsServer: TlsServer | undefined
  return {
    app,
    listen: async ({ host, port, tls, attach }) => {
      attach(app.server)
      await app.listen({ host, port })
      if (tls) {
        tlsServer = createTlsServer({ ...tls, minVersion: 'TLSv1.2' }, (req, res) =>
          app.routing(req, res),
        )
        attach(tlsServer as unknown as Server)
        await opened(tlsServer, tls)
      }
      const address = app.server.address() as AddressInfo
      const tlsAddress = tlsServer?.address() as AddressInfo | undefined
      return { port: address.port, tlsPort: tlsAddress?.port }
    },
    close: async () => {
      tlsServer?.closeAllConnections()
      await new Promise<void>((resolve) =>
        tlsServer ? tlsServer.close(() => resolve()) : resolve(),
      )
      await app.close()
    },
  }
}

async function opened(server: TlsServer, at: { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.host, resolve)
  })
}
