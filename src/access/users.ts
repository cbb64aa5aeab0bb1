import { demandArea } from '../areas/scope.ts'
import type { Grant, Role } from '../contract/api/access.ts'
import type { Clock } from '../core/clock.ts'
import { newId } from '../core/ids.ts'
import { Problem } from '../core/problem.ts'
import type { Tx as AnyTx, Database } from '../db/database.ts'
import { appendEvent } from '../db/events.ts'
import { takeTurn } from '../db/turns.ts'
import { writeAudit } from './audit.ts'
import { demandStrong, hashPassword } from './passwords.ts'
import type { AccessTables } from './schema.ts'

type Tx = AnyTx<AccessTables>
type By = { userId: string; username: string } | null
type Language = 'vi' | 'en'
type NewUser = {
  username: string
  name: string
  password: string
  language: Language
  grants: readonly Grant[]
  mustChangePassword?: boolean
}
type UserChange = {
  name?: string | undefined
  disabled?: boolean | undefined
  language?: Language | undefined
  password?: string | undefined
  grants?: readonly Grant[] | undefined
}

export type UserRow = AccessTables['users']
export type Users = ReturnType<typeof createUsers>

export const grantsOf = async (
  tx: Tx,
  userIds: readonly string[],
): Promise<Map<string, Grant[]>> => {
  const byUser = new Map<string, Grant[]>(userIds.map((id) => [id, []]))
  if (userIds.length === 0) return byUser
  const rows = await tx
    .selectFrom('roleGrants')
    .selectAll()
    .where('userId', 'in', userIds)
    .execute()
  for (const { userId, role, areaId, contractId } of rows) {
    byUser.get(userId)?.push({ role: role as Role, areaId, contractId })
  }
  return byUser
}

/** Throws areas.not-found; request.invalid for a grant that somebody could take for narrower. */
async function demandGrants(tx: Tx, grants: readonly Grant[]): Promise<void> {
  for (const { areaId, contractId } of grants) {
    if (areaId !== null && contractId !== null)
      throw new Problem('request.invalid', 'a grant is for an area or for a contract, not for both')
    if (areaId !== null) await demandArea(tx, { everywhere: true }, areaId)
  }
}

async function replaceGrants(tx: Tx, userId: string, grants: readonly Grant[], now: number) {
  await demandGrants(tx, grants)
  await tx.deleteFrom('roleGrants').where('userId', '=', userId).execute()
  if (grants.length === 0) return
  const rows = grants.map((grant) => ({ id: newId(now), userId, ...grant }))
  await tx.insertInto('roleGrants').values(rows).execute()
}

/** Signs the user out everywhere, but for the session that asks. */
const endSessions = (tx: Tx, userId: string, exceptId = '') =>
  tx.deleteFrom('sessions').where('userId', '=', userId).where('id', '!=', exceptId).execute()

/** Somebody else's new password means that the old one is not trusted: nor are its tokens. */
const revokeTokens = (tx: Tx, userId: string, now: number) =>
  tx
    .updateTable('apiTokens')
    .set({ revokedAt: now })
    .where('userId', '=', userId)
    .where('revokedAt', 'is', null)
    .execute()

async function demandAnAdmin(tx: Tx): Promise<void> {
  const admin = await tx
    .selectFrom('users')
    .innerJoin('roleGrants', 'roleGrants.userId', 'users.id')
    .where('users.disabled', '=', 0)
    .where('role', '=', 'admin')
    .where('areaId', 'is', null)
    .where('contractId', 'is', null)
    .select('users.id')
    .executeTakeFirst()
  if (!admin)
    throw new Problem('resource.conflict', 'somebody must stay administrator of everything')
}

export function createUsers({ db, clock }: { db: Database<AccessTables>; clock: Clock }) {
  return {
    list: () =>
      db.read(async (q) => {
        const rows = await q.selectFrom('users').selectAll().orderBy('username').execute()
        const grants = await grantsOf(
          q,
          rows.map((row) => row.id),
        )
        return rows.map((row) => ({ ...row, grants: grants.get(row.id) ?? [] }))
      }),

    /** Throws access.weak-password, resource.conflict (name taken). */
    add: async (user: NewUser, by: By): Promise<string> => {
      demandStrong(user.password, user.username)
      const passwordHash = await hashPassword(user.password)
      return db.write(async (tx) => {
        const now = clock.now()
        const id = newId(now)
        const added = await tx
          .insertInto('users')
          .values({
            id,
            username: user.username,
            name: user.name,
            passwordHash,
            language: user.language,
            disabled: 0,
            mustChangePassword: user.mustChangePassword ? 1 : 0,
            createdAt: now,
          })
          .onConflict((oc) => oc.column('username').doNothing())
          .executeTakeFirst()
        if (Number(added.numInsertedOrUpdatedRows ?? 0) === 0) {
          throw new Problem('resource.conflict', `the name ${user.username} is taken`)
        }
        await replaceGrants(tx, id, user.grants, now)
        await writeAudit(tx, {
          at: now,
          by,
          action: 'user.added',
          subject: id,
          detail: { username: user.username, grants: user.grants },
        })
        await appendEvent(tx, { kind: 'user.added', subject: id }, now)
        return id
      })
    },

    /**
     * A new password, other grants or disabling end the user's sessions, a password from somebody
     * else also the tokens. Throws resource.not-found, resource.conflict (the last administrator),
     * access.weak-password, areas.not-found.
     */
    change: async (id: string, change: UserChange, by: By): Promise<void> => {
      const username = await db.read((q) =>
        q.selectFrom('users').select('username').where('id', '=', id).executeTakeFirst(),
      )
      if (!username) throw new Problem('resource.not-found', 'there is no such user')
      if (change.password !== undefined) demandStrong(change.password, username.username)
      const passwordHash =
        change.password === undefined ? undefined : await hashPassword(change.password)
      await db.write(async (tx) => {
        // Two administrators must not remove each other at the same moment.
        await takeTurn(tx, 'users')
        const now = clock.now()
        const set = {
          ...(change.name === undefined ? {} : { name: change.name }),
          ...(change.language === undefined ? {} : { language: change.language }),
          ...(change.disabled === undefined ? {} : { disabled: change.disabled ? 1 : 0 }),
          ...(passwordHash === undefined
            ? {}
            : { passwordHash, mustChangePassword: by?.userId === id ? 0 : 1 }),
        }
        if (Object.keys(set).length > 0)
          await tx.updateTable('users').set(set).where('id', '=', id).execute()
        if (change.grants) await replaceGrants(tx, id, change.grants, now)
        await demandAnAdmin(tx)
        if (passwordHash || change.grants || change.disabled) await endSessions(tx, id)
        if (passwordHash && by?.userId !== id) await revokeTokens(tx, id, now)
        const { password: _, ...visible } = change
        await writeAudit(tx, { at: now, by, action: 'user.changed', subject: id, detail: visible })
        await appendEvent(tx, { kind: 'user.changed', subject: id }, now)
      })
    },

    /** The user's own change; other sessions end, this one stays. */
    changeOwnPassword: async (
      who: { userId: string; username: string; sessionId: string },
      next: string,
    ) => {
      demandStrong(next, who.username)
      const passwordHash = await hashPassword(next)
      await db.write(async (tx) => {
        const now = clock.now()
        await tx
          .updateTable('users')
          .set({ passwordHash, mustChangePassword: 0 })
          .where('id', '=', who.userId)
          .execute()
        await endSessions(tx, who.userId, who.sessionId)
        await writeAudit(tx, {
          at: now,
          by: who,
          action: 'user.password-changed',
          subject: who.userId,
        })
        await appendEvent(tx, { kind: 'user.changed', subject: who.userId }, now)
      })
    },

    count: async (): Promise<number> => {
      const row = await db.read((q) =>
        q
          .selectFrom('users')
          .select((eb) => eb.fn.countAll<number>().as('n'))
          .executeTakeFirstOrThrow(),
      )
      return Number(row.n)
    },

    find: (username: string): Promise<UserRow | undefined> =>
      db.read((q) =>
        q.selectFrom('users').selectAll().where('username', '=', username).executeTakeFirst(),
      ),
  }
}
