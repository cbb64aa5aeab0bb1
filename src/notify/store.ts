import type { z } from 'zod'
import { writeAudit } from '../access/audit.ts'
import type { AreasTables } from '../areas/schema.ts'
import { demandArea } from '../areas/scope.ts'
import type { Delivery, NewNotifyTarget, NotifyTarget } from '../contract/api/operations.ts'
import type { Clock } from '../core/clock.ts'
import { newId } from '../core/ids.ts'
import { Problem } from '../core/problem.ts'
import { type Keyring, newSecret } from '../core/secrets.ts'
import type { Database } from '../db/database.ts'
import type { Actor, Scope } from '../http/actor.ts'
import { fromCursor, toPage } from '../http/page.ts'
import type { NotifyTables } from './schema.ts'
import { webhookProblem } from './webhook.ts'

type Tables = NotifyTables & AreasTables
type Wish = z.infer<typeof NewNotifyTarget>
export type Notify = ReturnType<typeof createNotify>

const mailPattern = /^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>"]+$/

function demandAddress({ kind, address }: Wish): void {
  const problem =
    kind === 'webhook'
      ? webhookProblem(address)
      : mailPattern.test(address)
        ? undefined
        : 'give one e-mail address'
  if (problem) throw new Problem('notify.bad-target', problem)
}

const demandEverywhere = (scope: Scope) => {
  if (!scope.everywhere)
    throw new Problem('access.forbidden', 'targets are kept by who may change them everywhere')
}

const iso = (at: number) => new Date(at).toISOString()

export function createNotify({
  db,
  clock,
  keyring,
}: {
  db: Database<Tables>
  clock: Clock
  keyring: Keyring
}) {
  return {
    /** The signing secret is in the answer of this call and nowhere else. Throws notify.bad-target. */
    add: async (actor: Actor, wish: Wish): Promise<z.infer<typeof NotifyTarget>> => {
      demandAddress(wish)
      demandEverywhere(actor.scope('notify:write'))
      const secret = newSecret()
      return db.write(async (tx) => {
        const now = clock.now()
        if (wish.areaId !== null) await demandArea(tx, actor.scope('notify:write'), wish.areaId)
        const id = newId(now)
        await tx
          .insertInto('notifyTargets')
          .values({ id, ...wish, secret: keyring.seal(secret), enabled: 1, createdAt: now })
          .execute()
        await writeAudit(tx, {
          at: now,
          by: actor,
          action: 'notify.target-added',
          subject: id,
          detail: { name: wish.name, kind: wish.kind },
        })
        return {
          id,
          ...wish,
          enabled: true,
          ...(wish.kind === 'webhook' ? { signingSecret: secret } : {}),
        }
      })
    },

    list: (scope: Scope): Promise<z.infer<typeof NotifyTarget>[]> =>
      db.read(async (q) => {
        demandEverywhere(scope)
        const rows = await q.selectFrom('notifyTargets').selectAll().orderBy('name').execute()
        return rows.map(({ secret: _, createdAt: __, enabled, ...row }) => ({
          ...row,
          kind: row.kind as Wish['kind'],
          minSeverity: row.minSeverity as Wish['minSeverity'],
          language: row.language as Wish['language'],
          enabled: enabled === 1,
        }))
      }),

    setEnabled: (actor: Actor, id: string, enabled: boolean): Promise<void> =>
      db.write(async (tx) => {
        demandEverywhere(actor.scope('notify:write'))
        const done = await tx
          .updateTable('notifyTargets')
          .set({ enabled: enabled ? 1 : 0 })
          .where('id', '=', id)
          .executeTakeFirst()
        if (Number(done.numUpdatedRows) === 0)
          throw new Problem('notify.not-found', 'there is no such target')
        await writeAudit(tx, {
          at: clock.now(),
          by: actor,
          action: 'notify.target-changed',
          subject: id,
          detail: { enabled },
        })
      }),

    deliveries: async (scope: Scope, page: { limit: number; cursor?: string | undefined }) => {
      demandEverywhere(scope)
      const [before] = page.cursor === undefined ? [] : fromCursor(page.cursor, ['text'])
      const rows = await db.read((q) =>
        q
          .selectFrom('deliveries')
          .selectAll()
          .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
          .orderBy('id', 'desc')
          .limit(page.limit + 1)
          .execute(),
      )
      const { items, next } = toPage(rows, page.limit, (row) => [row.id])
      const toDelivery = (row: (typeof rows)[number]): z.infer<typeof Delivery> => ({
        id: row.id,
        targetId: row.targetId,
        eventSeq: row.eventSeq,
        kind: row.kind,
        alertId: row.alertId,
        state: row.state as 'sent',
        attempts: row.attempts,
        lastError: row.lastError,
        createdAt: iso(row.createdAt),
        sentAt: row.sentAt === null ? null : iso(row.sentAt),
      })
      return { items: items.map(toDelivery), next }
    },
  }
}
