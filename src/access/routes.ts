import { z } from 'zod'
import {
  ApiToken,
  AuditEntry,
  NewApiToken,
  NewUser,
  OwnPasswordChange,
  Session,
  SignIn,
  User,
  UserChange,
} from '../contract/api/access.ts'
import { Id, PageQuery, pageOf } from '../contract/api/common.ts'
import { Problem } from '../core/problem.ts'
import type { Actor } from '../http/actor.ts'
import { type App, actorOf } from '../http/server.ts'
import type { AuditLog } from './audit-log.ts'
import { sessionCookie } from './authenticate.ts'
import { permissionsOf } from './permissions.ts'
import type { Sessions, SignedIn } from './sessions.ts'
import type { Users } from './users.ts'

type Doors = {
  users: Users
  sessions: Sessions
  auditLog: AuditLog
  /** People reach the hub by https only, whatever the last leg of the way is. */
  secureCookie: boolean
}

const iso = (at: number) => new Date(at).toISOString()
const isoOrNull = (at: number | null) => (at === null ? null : iso(at))

const toSession = ({ user, grants, session }: SignedIn): Session => ({
  user: {
    id: user.id,
    username: user.username,
    name: user.name,
    language: user.language as 'vi' | 'en',
  },
  grants,
  permissions: permissionsOf(grants),
  csrf: session.csrf,
  mustChangePassword: user.mustChangePassword !== 0,
})

const toUser = (user: Awaited<ReturnType<Users['list']>>[number]): z.infer<typeof User> => ({
  id: user.id,
  username: user.username,
  name: user.name,
  disabled: user.disabled !== 0,
  language: user.language as 'vi' | 'en',
  grants: user.grants,
  createdAt: iso(user.createdAt),
})

/** Users are managed by who may do it everywhere: a grant could otherwise outgrow its giver. */
function userKeeper(actor: Actor): Actor {
  if (actor.scope('user:write').everywhere) return actor
  throw new Problem('access.forbidden', 'users are managed by an administrator of everything')
}

function sessionRoutes(app: App, { users, sessions, secureCookie }: Doors): void {
  app.post(
    '/api/v1/session',
    {
      config: { permission: 'public' },
      schema: { tags: ['session'], body: SignIn, response: { 200: Session } },
    },
    async (request, reply) => {
      const { username, password } = request.body
      const signedIn = await sessions.signIn(username, password, request.ip)
      reply.setCookie(sessionCookie, signedIn.cookie, {
        path: '/',
        httpOnly: true,
        sameSite: 'strict',
        // A session that began over TLS must not travel without it.
        secure: secureCookie || request.protocol === 'https',
        maxAge: 14 * 86_400,
      })
      return toSession(signedIn)
    },
  )
  app.get(
    '/api/v1/session',
    {
      config: { permission: 'signed-in' },
      schema: { tags: ['session'], response: { 200: Session } },
    },
    async (request) => {
      const cookie = request.cookies[sessionCookie]
      const signedIn = cookie ? await sessions.ofCookie(cookie) : undefined
      if (!signedIn) throw new Problem('access.signed-out', 'this is for people with a session')
      return toSession(signedIn)
    },
  )
  app.delete(
    '/api/v1/session',
    {
      config: { permission: 'signed-in' },
      schema: { tags: ['session'], response: { 204: z.null() } },
    },
    async (request, reply) => {
      await sessions.signOut(actorOf(request).via.id)
      reply.clearCookie(sessionCookie, { path: '/' })
      return reply.status(204).send(null)
    },
  )
  app.put(
    '/api/v1/session/password',
    {
      config: { permission: 'signed-in' },
      schema: { tags: ['session'], body: OwnPasswordChange, response: { 204: z.null() } },
    },
    async (request, reply) => {
      const { userId, username, via } = actorOf(request)
      const user = await users.find(username)
      if (!user) throw new Problem('access.signed-out', 'this user is gone')
      await sessions.demandOwnPassword(user, request.body.current)
      await users.changeOwnPassword({ userId, username, sessionId: via.id }, request.body.next)
      return reply.status(204).send(null)
    },
  )
}

function tokenRoutes(app: App, { sessions }: Doors): void {
  app.get(
    '/api/v1/tokens',
    {
      config: { permission: 'signed-in' },
      schema: { tags: ['session'], response: { 200: z.array(ApiToken) } },
    },
    async (request) =>
      (await sessions.listTokens(actorOf(request).userId)).map((token) => ({
        id: token.id,
        name: token.name,
        createdAt: iso(token.createdAt),
        expiresAt: isoOrNull(token.expiresAt),
        lastUsedAt: isoOrNull(token.lastUsedAt),
      })),
  )
  app.post(
    '/api/v1/tokens',
    {
      config: { permission: 'signed-in' },
      schema: {
        tags: ['session'],
        body: NewApiToken,
        response: { 201: z.object({ id: Id, token: z.string() }) },
      },
    },
    async (request, reply) => {
      const { name, expiresAt } = request.body
      const until = expiresAt === null ? null : Date.parse(expiresAt)
      return reply.status(201).send(await sessions.addToken(actorOf(request), name, until))
    },
  )
  app.delete(
    '/api/v1/tokens/:id',
    {
      config: { permission: 'signed-in' },
      schema: { tags: ['session'], params: z.object({ id: Id }), response: { 204: z.null() } },
    },
    async (request, reply) => {
      await sessions.revokeToken(actorOf(request), request.params.id)
      return reply.status(204).send(null)
    },
  )
}

function userRoutes(app: App, { users, auditLog }: Doors): void {
  app.get(
    '/api/v1/users',
    {
      config: { permission: 'user:read' },
      schema: { tags: ['users'], response: { 200: z.array(User) } },
    },
    async (request) => {
      userKeeper(actorOf(request))
      return (await users.list()).map(toUser)
    },
  )
  app.post(
    '/api/v1/users',
    {
      config: { permission: 'user:write' },
      schema: { tags: ['users'], body: NewUser, response: { 201: z.object({ id: Id }) } },
    },
    async (request, reply) => {
      const by = userKeeper(actorOf(request))
      return reply
        .status(201)
        .send({ id: await users.add({ ...request.body, mustChangePassword: true }, by) })
    },
  )
  app.patch(
    '/api/v1/users/:id',
    {
      config: { permission: 'user:write' },
      schema: {
        tags: ['users'],
        params: z.object({ id: Id }),
        body: UserChange,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await users.change(request.params.id, request.body, userKeeper(actorOf(request)))
      return reply.status(204).send(null)
    },
  )
  app.get(
    '/api/v1/audit',
    {
      config: { permission: 'audit:read' },
      schema: { tags: ['users'], querystring: PageQuery, response: { 200: pageOf(AuditEntry) } },
    },
    (request) => {
      if (!actorOf(request).scope('audit:read').everywhere) {
        throw new Problem('access.forbidden', 'the audit log is read by who may read all of it')
      }
      return auditLog.list(request.query)
    },
  )
}

export function accessRoutes(app: App, doors: Doors): void {
  sessionRoutes(app, doors)
  tokenRoutes(app, doors)
  userRoutes(app, doors)
}
