/**
 * SLA for managers: calendars, policies, and what they make of the alert history. Promises: every
 * figure is computed from the history and stands beside its base; consequences, late history and
 * what was not in service count for nobody.
 */
import type { z } from 'zod'
import { writeAudit } from '../access/audit.ts'
import type { AlertsTables } from '../alerts/schema.ts'
import type { AreasTables } from '../areas/schema.ts'
import { areaInScope } from '../areas/scope.ts'
import type {
  SlaCalendar,
  SlaClocks,
  SlaCompliance,
  SlaPolicy,
} from '../contract/api/operations.ts'
import { type Clock, minutes } from '../core/clock.ts'
import { Problem } from '../core/problem.ts'
import { inChunks } from '../db/chunks.ts'
import type { Database, Tx as TxOf } from '../db/database.ts'
import type { Actor, Scope } from '../http/actor.ts'
import type { RegisterTables } from '../register/schema.ts'
import { type Calendar, hasWorkingTime } from './calendar.ts'
import { count, monthSpan, subtrees } from './compliance.ts'
import type { WorkTables } from './schema.ts'
import { type AlertEvent, type ClockState, slaClocks } from './sla.ts'

type Tables = WorkTables & AlertsTables & RegisterTables & AreasTables
type Tx = TxOf<Tables>
export type Work = ReturnType<typeof createWork>

type Policy = Omit<SlaPolicy, 'id' | 'name' | 'version'>
type Rules = { policies: Map<string, Policy>; calendars: Map<string, Calendar> }
type CountedAlert = {
  id: string
  areaId: string
  assetName: string
  severity: string
  openedAt: number
  policyId: string | null
  events: AlertEvent[]
}

/** The last moment that ISO 8601 writes with four digits stands for "never". */
const never = Date.UTC(9999, 11, 31)
const iso = (at: number) => new Date(Math.min(at, never)).toISOString()

const stale = () => new Problem('resource.stale', 'it was changed meanwhile; look at it first')

async function loadRules(tx: Tx): Promise<Rules> {
  const policies = await tx.selectFrom('slaPolicies').selectAll().execute()
  const calendars = await tx.selectFrom('slaCalendars').selectAll().execute()
  return {
    policies: new Map(policies.map((row) => [row.id, JSON.parse(row.body)])),
    calendars: new Map(calendars.map((row) => [row.id, JSON.parse(row.body)])),
  }
}

/** Alerts opened in the span, by their own: no consequences, nothing known only afterwards. */
async function loadAlerts(
  tx: Tx,
  scope: Scope,
  span: { from: number; to: number },
): Promise<CountedAlert[]> {
  const rows = await tx
    .selectFrom('alerts')
    .innerJoin('assets', 'assets.id', 'alerts.assetId')
    .leftJoin('contracts', 'contracts.id', 'assets.contractId')
    .select([
      'alerts.id',
      'assets.areaId',
      'assets.name as assetName',
      'alerts.severity',
      'alerts.openedAt',
      'contracts.policyId',
    ])
    .where('alerts.openedAt', '>=', span.from)
    .where('alerts.openedAt', '<', span.to)
    .where('alerts.late', '=', 0)
    .where('alerts.causeId', 'is', null)
    .where((eb) => areaInScope(eb, scope, 'assets.areaId', 'assets.contractId'))
    .orderBy('alerts.openedAt')
    .execute()
  const pages = await inChunks(
    rows.map((row) => row.id),
    (ids) =>
      tx
        .selectFrom('alertHistory')
        .select(['alertId', 'at', 'what'])
        .where('alertId', 'in', ids)
        .where('what', 'in', ['opened', 'acknowledged', 'resolved', 'reopened'])
        .orderBy('at')
        .orderBy('id')
        .execute(),
  )
  const byAlert = Map.groupBy(pages.flat(), (row) => row.alertId)
  return rows.map((row) => ({
    ...row,
    events: (byAlert.get(row.id) ?? []).map(({ at, what }) => ({
      at,
      what: what as AlertEvent['what'],
    })),
  }))
}

type Clocks = { alert: CountedAlert; response: ClockState; resolution: ClockState }

function clocksOf(rules: Rules, alert: CountedAlert, now: number): Clocks[] {
  const policy = rules.policies.get(alert.policyId ?? 'default') ?? rules.policies.get('default')
  const calendar = policy && rules.calendars.get(policy.calendarId)
  const target = policy?.targets.find((one) => one.severity === alert.severity)
  if (!calendar || !target) return []
  const ms = {
    responseMs: minutes(target.responseMin),
    resolutionMs: minutes(target.resolutionMin),
  }
  const clocks = slaClocks({ events: alert.events, target: ms, calendar, now })
  return clocks ? [{ alert, ...clocks }] : []
}

const toApiClock = (clock: ClockState) => ({
  dueAt: iso(clock.dueAt),
  doneAt: clock.doneAt === null ? null : iso(clock.doneAt),
  state: clock.state,
  usedMin: Math.round(clock.usedMs / 6000) / 10,
})

/** Assets in service below each area, and how many of them an agent watches. */
async function loadBases(tx: Tx, scope: Scope) {
  const rows = await tx
    .selectFrom('assets')
    .leftJoin('bindings', (join) =>
      join.onRef('bindings.assetId', '=', 'assets.id').on('bindings.toAt', 'is', null),
    )
    .select((eb) => [
      'assets.areaId',
      eb.fn.count<number>('assets.id').distinct().as('registered'),
      eb.fn.count<number>('bindings.assetId').distinct().as('monitored'),
    ])
    .where('assets.lifecycle', '=', 'in-service')
    .where('assets.kind', '!=', 'agent')
    .where((eb) => areaInScope(eb, scope, 'assets.areaId', 'assets.contractId'))
    .groupBy('assets.areaId')
    .execute()
  return new Map(
    rows.map((row) => [
      row.areaId,
      { registered: Number(row.registered), monitored: Number(row.monitored) },
    ]),
  )
}

const treeAt = (tx: Tx, at: number) =>
  tx
    .selectFrom('areaVersions')
    .select(['areaId as id', 'parentId', 'name'])
    .where('validFrom', '<', at)
    .where((eb) => eb.or([eb('validTo', 'is', null), eb('validTo', '>=', at)]))
    .orderBy('areaId')
    .execute()

const visibleAreas = async (tx: Tx, scope: Scope): Promise<Set<string>> => {
  const rows = await tx
    .selectFrom('areas')
    .select('id')
    .where((eb) => areaInScope(eb, scope, 'areas.id'))
    .execute()
  return new Set(rows.map((row) => row.id))
}

export function createWork({
  db,
  clock,
  timeZone,
}: {
  db: Database<Tables>
  clock: Clock
  timeZone: string
}) {
  const load = (scope: Scope, month: string) =>
    db.read(async (q) => {
      const now = clock.now()
      const span = monthSpan(month, timeZone)
      const rules = await loadRules(q)
      const alerts = await loadAlerts(q, scope, span)
      const tree = await treeAt(q, Math.min(span.to, now))
      const visible = await visibleAreas(q, scope)
      const bases = await loadBases(q, scope)
      return {
        tree: tree.filter((node) => visible.has(node.id)),
        bases,
        clocks: alerts.flatMap((alert) => clocksOf(rules, alert, now)),
      }
    })

  const upsert = async (
    table: 'slaCalendars' | 'slaPolicies',
    actor: Actor,
    wish: { id: string; name: string; body: unknown; expectedVersion: number },
  ): Promise<number> => {
    if (!actor.scope('sla:write').everywhere)
      throw new Problem('access.forbidden', 'SLA rules are set by who may set them everywhere')
    const { id, name, body, expectedVersion } = wish
    return db.write(async (tx) => {
      const before = await tx
        .selectFrom(table)
        .select('version')
        .where('id', '=', id)
        .executeTakeFirst()
      if ((before?.version ?? 0) !== expectedVersion) throw stale()
      const row = {
        version: expectedVersion + 1,
        name,
        body: JSON.stringify(body),
        updatedAt: clock.now(),
      }
      // Asked again with the change: on PostgreSQL somebody else may write since the look.
      const put = await tx
        .insertInto(table)
        .values({ id, ...row })
        .onConflict((oc) =>
          oc.column('id').doUpdateSet(row).where(`${table}.version`, '=', expectedVersion),
        )
        .returning('version')
        .executeTakeFirst()
      if (!put) throw stale()
      await writeAudit(tx, {
        at: clock.now(),
        by: actor,
        action: 'sla.changed',
        subject: id,
        detail: { table, version: row.version },
      })
      return row.version
    })
  }

  return {
    /** Compliance of each visible area, with all below it, for alerts opened in the month. */
    compliance: async (
      scope: Scope,
      query: { month: string; areaId?: string | undefined },
    ): Promise<z.infer<typeof SlaCompliance>[]> => {
      const { tree, bases, clocks } = await load(scope, query.month)
      const below = subtrees(tree)
      const wanted = tree.filter(
        (node) => query.areaId === undefined || below.get(query.areaId)?.has(node.id),
      )
      return wanted.map(({ id, name }) => {
        const inside = below.get(id) ?? new Set()
        const mine = clocks.filter((one) => inside.has(one.alert.areaId))
        const base = [...inside].map(
          (areaId) => bases.get(areaId) ?? { registered: 0, monitored: 0 },
        )
        return {
          areaId: id,
          areaName: name,
          month: query.month,
          alerts: mine.length,
          response: count(mine.map((one) => one.response)),
          resolution: count(mine.map((one) => one.resolution)),
          assetsMonitored: base.reduce((sum, one) => sum + one.monitored, 0),
          assetsRegistered: base.reduce((sum, one) => sum + one.registered, 0),
        }
      })
    },

    /** The clocks of single alerts behind the figures, breached ones first. */
    clocks: async (
      scope: Scope,
      query: { month: string; areaId?: string | undefined },
    ): Promise<z.infer<typeof SlaClocks>[]> => {
      const { tree, clocks } = await load(scope, query.month)
      const inside =
        query.areaId === undefined ? undefined : (subtrees(tree).get(query.areaId) ?? new Set())
      const rank = (one: Clocks) =>
        Number(one.resolution.state === 'breached') * 2 + Number(one.response.state === 'breached')
      return clocks
        .filter((one) => inside === undefined || inside.has(one.alert.areaId))
        .toSorted((a, b) => rank(b) - rank(a) || b.resolution.usedMs - a.resolution.usedMs)
        .slice(0, 1000)
        .map(({ alert, response, resolution }) => ({
          alertId: alert.id,
          assetName: alert.assetName,
          severity: alert.severity as 'high',
          openedAt: iso(alert.openedAt),
          response: toApiClock(response),
          resolution: toApiClock(resolution),
        }))
    },

    calendars: (): Promise<SlaCalendar[]> =>
      db.read(async (q) => {
        const rows = await q.selectFrom('slaCalendars').selectAll().orderBy('id').execute()
        return rows.map(({ id, name, version, body }) => ({
          id,
          name,
          version,
          ...JSON.parse(body),
        }))
      }),

    policies: (): Promise<SlaPolicy[]> =>
      db.read(async (q) => {
        const rows = await q.selectFrom('slaPolicies').selectAll().orderBy('id').execute()
        return rows.map(({ id, name, version, body }) => ({
          id,
          name,
          version,
          ...JSON.parse(body),
        }))
      }),

    /** Throws work.bad-calendar (no working time, unknown zone), resource.stale. `version` is the one looked at. */
    putCalendar: async (actor: Actor, calendar: SlaCalendar): Promise<number> => {
      const { id, name, version, timeZone: zone, weekly, dates } = calendar
      if (!hasWorkingTime(calendar))
        throw new Problem('work.bad-calendar', 'there is no working time in it')
      try {
        Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone)
      } catch (cause) {
        throw new Problem(
          'work.bad-calendar',
          `${zone} is no time zone; use a name such as Asia/Ho_Chi_Minh`,
          { cause },
        )
      }
      return upsert('slaCalendars', actor, {
        id,
        name,
        body: { timeZone: zone, weekly, dates },
        expectedVersion: version,
      })
    },

    /** Throws work.not-found (no such calendar), resource.stale. */
    putPolicy: async (actor: Actor, policy: SlaPolicy): Promise<number> => {
      const { id, name, version, calendarId, targets } = policy
      const calendar = await db.read((q) =>
        q.selectFrom('slaCalendars').select('id').where('id', '=', calendarId).executeTakeFirst(),
      )
      if (!calendar) throw new Problem('work.not-found', `there is no calendar ${calendarId}`)
      return upsert('slaPolicies', actor, {
        id,
        name,
        body: { calendarId, targets },
        expectedVersion: version,
      })
    },
  }
}
