/**
 * The alerts' door for people: lists inside their scope, acknowledging and resolving by hand.
 * What opens and ends alerts is the book.
 */
import type { z } from 'zod'
import type { AreasTables } from '../areas/schema.ts'
import { areaInScope, areaWithin } from '../areas/scope.ts'
import type { Alert, AlertDetail, AlertQuery } from '../contract/api/operations.ts'
import type { Clock } from '../core/clock.ts'
import { Problem } from '../core/problem.ts'
import type { Database, Tx as TxOf } from '../db/database.ts'
import type { Actor, Scope } from '../http/actor.ts'
import { fromCursor, toPage } from '../http/page.ts'
import type { RegisterTables } from '../register/schema.ts'
import { factsOf, openBook } from './book.ts'
import { onAcknowledge, onResolveByHand } from './lifecycle.ts'
import type { AlertRow } from './rows.ts'
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
  const after = query.cursor === undefined ? undefined : fromCursor(query.cursor, ['int', 'text'])
  const [openedAt, id] = after ?? [0, '']
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

/** The book opened at one alert that the actor may see, with its row as nobody can change it now. */
async function openFor(tx: Tx, scope: Scope, { id, now }: { id: string; now: number }) {
  const seen = await getAlert(tx, scope, id)
  const book = await openBook(tx, { agentIds: [], assetIds: [seen.assetId], from: now })
  const row = book.openOn([seen.assetId]).find((one) => one.id === id)
  if (!row) throw new Problem('alerts.bad-transition', 'it is resolved already')
  return { book, row }
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
        const now = clock.now()
        const { book, row } = await openFor(tx, actor.scope('alert:ack'), { id, now })
        const step = onAcknowledge(factsOf(row))
        if ('refused' in step) throw new Problem('alerts.bad-transition', step.refused)
        if (row.state === 'acknowledged') return
        book.acknowledged(row, now, { by: actor.username, note })
        await book.close(now)
      }),

    /** Throws alerts.not-found, alerts.bad-transition (while the fault is still seen). */
    resolve: (actor: Actor, id: string, note: string | undefined): Promise<void> =>
      db.write(async (tx) => {
        const now = clock.now()
        const { book, row } = await openFor(tx, actor.scope('alert:resolve'), { id, now })
        const step = onResolveByHand(factsOf(row))
        if ('refused' in step) throw new Problem('alerts.bad-transition', step.refused)
        book.ended(row, now, { by: actor.username, note })
        await book.close(now)
      }),
  }
}
