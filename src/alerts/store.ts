/**
 * The alerts' door for people: lists inside their scope, acknowledging and resolving by hand.
 * What opens and ends alerts is the book.
 */
import type { z } from 'zod'
import type { AreasTables } from '../areas/schema.ts'
import { areaInScope, areaWithin } from '../areas/scope.ts'
import type { Alert, AlertDetail, AlertQuery } from '../contract/api/operations.ts'
import type { Clock } from '../core/clock.ts'
import { newId } from '../core/ids.ts'
import { Problem } from '../core/problem.ts'
import type { Database, Tx as TxOf } from '../db/database.ts'
import { appendEvent } from '../db/events.ts'
import type { Actor, Scope } from '../http/actor.ts'
import { fromCursor, toPage } from '../http/page.ts'
import type { RegisterTables } from '../register/schema.ts'
import { factsOf } from './book.ts'
import { onAcknowledge, onResolveByHand } from './lifecycle.ts'
import { type AlertRow, writeHistory } from './rows.ts'
import type { AlertsTables } from './schema.ts'

type Tables = AlertsTables & RegisterTables & AreasTables
type Tx = TxOf<Tables>
type Query = z.infer<typeof AlertQuery>

export type AlertStore = ReturnType<typeof createAlertStore>

const iso = (at: number) => new Date(at).toISOString()
const isoOrNull = (at: number | null) => (at === null ? null : iso(at))

const joined = (tx: Tx, scope: Scope) =>
  tx
    .selectFrom('alerts')
    .innerJoin('assets', 'assets.id', 'alerts.assetId')
    .innerJoin('areaVersions as v', 'v.areaId', 'assets.areaId')
    .where('v.validTo', 'is', null)
    .where((eb) => areaInScope(eb, scope, 'assets.areaId', 'assets.contractId'))
    .selectAll('alerts')
    .select((eb) => [
      'assets.name as assetName',
      'assets.kind as assetKind',
      'assets.areaId as areaId',
      'v.name as areaName',
      eb
        .selectFrom('alerts as c')
        .whereRef('c.causeId', '=', 'alerts.id')
        .where('c.state', '!=', 'resolved')
        .select((e) => e.fn.countAll<number>().as('n'))
        .as('children'),
    ])

type JoinedRow = AlertRow & {
  assetName: string
  assetKind: string
  areaId: string
  areaName: string
  children: number | null
}

const toAlert = (row: JoinedRow): Alert => ({
  id: row.id,
  assetId: row.assetId,
  assetName: row.assetName,
  assetKind: row.assetKind,
  areaId: row.areaId,
  areaName: row.areaName,
  part: row.part,
  code: row.code,
  severity: row.severity as Alert['severity'],
  state: row.state as Alert['state'],
  since: iso(row.since),
  openedAt: iso(row.openedAt),
  acknowledgedAt: isoOrNull(row.acknowledgedAt),
  acknowledgedBy: row.acknowledgedBy,
  resolvedAt: isoOrNull(row.resolvedAt),
  reopened: row.reopened,
  causeId: row.causeId,
  children: Number(row.children ?? 0),
  raw: row.raw,
  note: row.note,
})

function filtered(tx: Tx, scope: Scope, query: Query) {
  const { state, areaId, assetId, severity, causeId } = query
  const after = query.cursor === undefined ? undefined : fromCursor(query.cursor, 2)
  const [openedAt, id] = [Number(after?.[0] ?? 0), String(after?.[1] ?? '')]
  return joined(tx, scope)
    .$if(state === 'active', (q) => q.where('alerts.state', '!=', 'resolved'))
    .$if(state !== 'active' && state !== 'all', (q) => q.where('alerts.state', '=', state))
    .$if(areaId !== undefined, (q) => q.where(areaWithin('assets.areaId', areaId ?? '')))
    .$if(assetId !== undefined, (q) => q.where('alerts.assetId', '=', assetId ?? ''))
    .$if(severity !== undefined, (q) => q.where('alerts.severity', '=', severity ?? ''))
    .$if(causeId !== undefined, (q) => q.where('alerts.causeId', '=', causeId ?? ''))
    .$if(!query.withChildren && causeId === undefined && assetId === undefined, (q) =>
      q.where('alerts.causeId', 'is', null),
    )
    .$if(after !== undefined, (q) =>
      q.where((eb) =>
        eb.or([
          eb('alerts.openedAt', '<', openedAt),
          eb.and([eb('alerts.openedAt', '=', openedAt), eb('alerts.id', '<', id)]),
        ]),
      ),
    )
    .orderBy('alerts.openedAt', 'desc')
    .orderBy('alerts.id', 'desc')
    .limit(query.limit + 1)
}

async function getAlert(tx: Tx, scope: Scope, id: string): Promise<JoinedRow> {
  const row = await joined(tx, scope).where('alerts.id', '=', id).executeTakeFirst()
  if (!row) throw new Problem('alerts.not-found', `there is no alert ${id}`)
  return row
}

export function createAlertStore({ db, clock }: { db: Database<Tables>; clock: Clock }) {
  return {
    /** Newest first. By default causes only; consequences are asked for by `causeId`. */
    list: async (scope: Scope, query: Query) => {
      const rows = await db.read((q) => filtered(q, scope, query).execute())
      const { items, next } = toPage(rows, query.limit, (row) => [row.openedAt, row.id])
      return { items: items.map(toAlert), next }
    },

    get: (scope: Scope, id: string): Promise<z.infer<typeof AlertDetail>> =>
      db.read(async (q) => {
        const row = await getAlert(q, scope, id)
        const history = await q
          .selectFrom('alertHistory')
          .selectAll()
          .where('alertId', '=', id)
          .orderBy('at')
          .orderBy('id')
          .execute()
        return {
          ...toAlert(row),
          history: history.map(({ at, what, by, note }) => ({
            at: iso(at),
            what: what as 'opened',
            by,
            note,
          })),
        }
      }),

    /** Throws alerts.not-found, alerts.bad-transition. The first who takes it on stays named. */
    acknowledge: (actor: Actor, id: string, note: string | undefined): Promise<void> =>
      db.write(async (tx) => {
        const row = await getAlert(tx, actor.scope('alert:ack'), id)
        const step = onAcknowledge(factsOf(row))
        if ('refused' in step) throw new Problem('alerts.bad-transition', step.refused)
        if (row.state === 'acknowledged') return
        const now = clock.now()
        await tx
          .updateTable('alerts')
          .set({
            state: step.state,
            acknowledgedAt: row.acknowledgedAt ?? now,
            acknowledgedBy: row.acknowledgedBy ?? actor.username,
            ...(note === undefined ? {} : { note }),
          })
          .where('id', '=', id)
          .where('state', '!=', 'resolved')
          .execute()
        await writeHistory(tx, [
          {
            id: newId(now),
            alertId: id,
            at: now,
            what: 'acknowledged',
            by: actor.username,
            note: note ?? null,
          },
        ])
        const { assetId, code, severity, causeId, part } = row
        await appendEvent(
          tx,
          {
            kind: 'alert.acknowledged',
            subject: id,
            data: { assetId, code, severity, causeId, part },
          },
          now,
        )
      }),

    /** Throws alerts.not-found, alerts.bad-transition (while the fault is still seen). */
    resolve: (actor: Actor, id: string, note: string | undefined): Promise<void> =>
      db.write(async (tx) => {
        const row = await getAlert(tx, actor.scope('alert:resolve'), id)
        const step = onResolveByHand(factsOf(row))
        if ('refused' in step) throw new Problem('alerts.bad-transition', step.refused)
        const now = clock.now()
        await tx
          .updateTable('alerts')
          .set({ state: step.state, resolvedAt: now, ...(note === undefined ? {} : { note }) })
          .where('id', '=', id)
          .execute()
        await writeHistory(tx, [
          {
            id: newId(now),
            alertId: id,
            at: now,
            what: 'resolved',
            by: actor.username,
            note: note ?? null,
          },
        ])
        const { assetId, code, severity, causeId, part } = row
        await appendEvent(
          tx,
          { kind: 'alert.resolved', subject: id, data: { assetId, code, severity, causeId, part } },
          now,
        )
      }),
  }
}
