import type { Grant } from '../contract/api/access.ts'
import { type Clock, days, hours, minutes } from '../core/clock.ts'
import { newId } from '../core/ids.ts'
import { Problem } from '../core/problem.ts'
import { newSecret, sha256 } from '../core/secrets.ts'
import type { Tx as AnyTx, Database } from '../db/database.ts'
import { createAttempts } from './attempts.ts'
import { writeAudit } from './audit.ts'
import { isPassword, wasteTime } from './passwords.ts'
import type { AccessTables } from './schema.ts'
import type { SignInTries } from './sign-in-tries.ts'
import { grantsOf, type UserRow } from './users.ts'

export type SignedIn = {
  session: { id: string; csrf: string }
  user: UserRow
  grants: Grant[]
}
export type Sessions = ReturnType<typeof createSessions>

type Options = {
  db: Database<AccessTables>
  clock: Clock
  tries: SignInTries
}

const idleMs = hours(12)
const longestMs = days(14)
/** Writing "seen" on each request would turn every read into a write. */
const seenEveryMs = minutes(5)

function demandTry(waitMs: number): void {
  if (waitMs === 0) return
  throw new Problem('request.too-many', `too many tries; wait ${Math.ceil(waitMs / 1000)} s`)
}

async function demandPassword(user: UserRow | undefined, password: string): Promise<UserRow> {
  if (!user) await wasteTime(password)
  if (user && (await isPassword(user.passwordHash, password)) && user.disabled === 0) return user
  throw new Problem('access.bad-credentials', 'user name or password is wrong')
}

type Tx = AnyTx<AccessTables>
type Holder = { id: string; userId: string; csrf: string }

const holderOfCookie = (q: Tx, hash: string, now: number): Promise<Holder | undefined> =>
  q
    .selectFrom('sessions')
    .select(['id', 'userId', 'csrf'])
    .where('id', '=', hash)
    .where('expiresAt', '>', now)
    .where('seenAt', '>', now - idleMs)
    .executeTakeFirst()

async function holderOfToken(q: Tx, hash: string, now: number): Promise<Holder | undefined> {
  const row = await q
    .selectFrom('apiTokens')
    .select(['id', 'userId'])
    .where('tokenHash', '=', hash)
    .where('revokedAt', 'is', null)
    .where((eb) => eb.or([eb('expiresAt', 'is', null), eb('expiresAt', '>', now)]))
    .executeTakeFirst()
  return row && { ...row, csrf: '' }
}

async function signedInOf(q: Tx, holder: Holder | undefined): Promise<SignedIn | undefined> {
  if (!holder) return undefined
  const user = await q
    .selectFrom('users')
    .selectAll()
    .where('id', '=', holder.userId)
    .executeTakeFirst()
  if (user?.disabled !== 0) return undefined
  const grants = (await grantsOf(q, [user.id])).get(user.id) ?? []
  return { session: { id: holder.id, csrf: holder.csrf }, user, grants }
}

export function createSessions(options: Options) {
  const { db, clock, tries } = options
  const ownTries = createAttempts({ burst: 10, refillMs: minutes(1), maxKeys: 10_000 })

  const touched = new Map<string, number>()
  const touch = async (id: string, kind: 'sessions' | 'apiTokens'): Promise<void> => {
    const now = clock.now()
    if (now - (touched.get(id) ?? 0) < seenEveryMs) return
    if (touched.size > 10_000) touched.clear()
    touched.set(id, now)
    await db.write(async (tx) => {
      if (kind === 'sessions')
        await tx.updateTable('sessions').set({ seenAt: now }).where('id', '=', id).execute()
      else await tx.updateTable('apiTokens').set({ lastUsedAt: now }).where('id', '=', id).execute()
    })
  }

  return {
    /**
     * Checks the password and opens a session. The returned cookie is the only copy. Throws
     * request.too-many, access.bad-credentials (the same for a wrong name, password or a disabled user).
     */
    signIn: async (
      username: string,
      password: string,
      address: string,
    ): Promise<SignedIn & { cookie: string }> => {
      demandTry(tries.take(username, address, clock.now()))
      const found = await db.read((q) =>
        q
          .selectFrom('users')
          .selectAll()
          .where('username', '=', username.toLowerCase())
          .executeTakeFirst(),
      )
      const user = await demandPassword(found, password)
      tries.succeeded(username, address, clock.now())
      const cookie = newSecret()
      const session = { id: sha256(cookie), csrf: newSecret() }
      return db.write(async (tx) => {
        const now = clock.now()
        await tx.deleteFrom('sessions').where('expiresAt', '<', now).execute()
        await tx
          .insertInto('sessions')
          .values({
            ...session,
            userId: user.id,
            createdAt: now,
            seenAt: now,
            expiresAt: now + longestMs,
          })
          .execute()
        await writeAudit(tx, {
          at: now,
          by: { userId: user.id, username: user.username },
          action: 'session.opened',
          subject: user.id,
          detail: { address },
        })
        const grants = (await grantsOf(tx, [user.id])).get(user.id) ?? []
        return { cookie, session, user, grants }
      })
    },

    /**
     * Does somebody signed in know the password too? Throws request.too-many,
     * access.bad-credentials: a stolen session must not serve to guess it.
     */
    demandOwnPassword: async (user: UserRow, password: string): Promise<void> => {
      demandTry(ownTries.take(user.id, clock.now()))
      if (!(await isPassword(user.passwordHash, password)))
        throw new Problem('access.bad-credentials', 'the current password is wrong')
      ownTries.giveBack(user.id, clock.now())
    },

    /** Who holds this cookie; undefined when it is unknown, expired or idle too long. */
    ofCookie: async (cookie: string): Promise<SignedIn | undefined> => {
      const signedIn = await db.read(async (q) =>
        signedInOf(q, await holderOfCookie(q, sha256(cookie), clock.now())),
      )
      if (signedIn) await touch(signedIn.session.id, 'sessions')
      return signedIn
    },

    ofToken: async (token: string): Promise<SignedIn | undefined> => {
      const signedIn = await db.read(async (q) =>
        signedInOf(q, await holderOfToken(q, sha256(token), clock.now())),
      )
      if (signedIn) await touch(signedIn.session.id, 'apiTokens')
      return signedIn
    },

    signOut: (sessionId: string): Promise<void> =>
      db.write(async (tx) => {
        await tx.deleteFrom('sessions').where('id', '=', sessionId).execute()
      }),

    addToken: (
      user: { userId: string; username: string },
      name: string,
      expiresAt: number | null,
    ) =>
      db.write(async (tx) => {
        const now = clock.now()
        if (expiresAt !== null && expiresAt <= now)
          throw new Problem('request.invalid', 'the token would have expired already')
        const id = newId(now)
        const token = `ans_${newSecret()}`
        await tx
          .insertInto('apiTokens')
          .values({
            id,
            userId: user.userId,
            name,
            tokenHash: sha256(token),
            createdAt: now,
            expiresAt,
            lastUsedAt: null,
            revokedAt: null,
          })
          .execute()
        await writeAudit(tx, {
          at: now,
          by: user,
          action: 'token.added',
          subject: id,
          detail: { name },
        })
        return { id, token }
      }),

    listTokens: (userId: string) =>
      db.read((q) =>
        q
          .selectFrom('apiTokens')
          .selectAll()
          .where('userId', '=', userId)
          .where('revokedAt', 'is', null)
          .orderBy('createdAt')
          .execute(),
      ),

    revokeToken: (user: { userId: string; username: string }, id: string): Promise<void> =>
      db.write(async (tx) => {
        const now = clock.now()
        const done = await tx
          .updateTable('apiTokens')
          .set({ revokedAt: now })
          .where('id', '=', id)
          .where('userId', '=', user.userId)
          .where('revokedAt', 'is', null)
          .executeTakeFirst()
        if (Number(done.numUpdatedRows) === 0)
          throw new Problem('resource.not-found', 'there is no such token')
        await writeAudit(tx, { at: now, by: user, action: 'token.revoked', subject: id })
      }),
  }
}
