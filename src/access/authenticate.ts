import type { FastifyRequest } from 'fastify'
import { Problem } from '../core/problem.ts'
import { equalSecrets } from '../core/secrets.ts'
import type { Actor } from '../http/actor.ts'
import { may, scopeOf } from './permissions.ts'
import type { Sessions, SignedIn } from './sessions.ts'

export const sessionCookie = 'ansang_session'

const readOnly = new Set(['GET', 'HEAD', 'OPTIONS'])

function toActor({ user, grants, session }: SignedIn, kind: 'session' | 'token'): Actor {
  return {
    userId: user.id,
    username: user.username,
    via: { kind, id: session.id },
    may: (permission) => may(grants, permission),
    scope: (permission) => scopeOf(grants, permission),
  }
}

function demandCsrf(request: FastifyRequest, csrf: string): void {
  if (readOnly.has(request.method)) return
  const given = request.headers['x-csrf-token']
  if (typeof given === 'string' && equalSecrets(given, csrf)) return
  throw new Problem('access.csrf', 'send the x-csrf-token of your session')
}

/** A user who must change the password may do nothing else first. */
function demandOwnPassword(request: FastifyRequest, signedIn: SignedIn): void {
  if (signedIn.user.mustChangePassword === 0) return
  if (request.url.startsWith('/api/v1/session')) return
  throw new Problem('access.forbidden', 'change your password first: PUT /api/v1/session/password')
}

/**
 * Finds out who asks: a bearer token, else the session cookie. Requests that change something
 * with a cookie must carry the session's CSRF token; a bearer token cannot be sent by a foreign page.
 */
export const createAuthenticate =
  (sessions: Sessions) =>
  async (request: FastifyRequest): Promise<Actor | undefined> => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (token) {
      const signedIn = await sessions.ofToken(token)
      if (!signedIn)
        throw new Problem('access.signed-out', 'the token is unknown, expired or revoked')
      demandOwnPassword(request, signedIn)
      return toActor(signedIn, 'token')
    }
    const cookie = request.cookies[sessionCookie]
    if (!cookie) return undefined
    const signedIn = await sessions.ofCookie(cookie)
    if (!signedIn) return undefined
    demandCsrf(request, signedIn.session.csrf)
    demandOwnPassword(request, signedIn)
    return toActor(signedIn, 'session')
  }
