/**
 * The register's door for who changes it: every call is one transaction with its audit line and
 * its event, inside the actor's scope. Reading lists is the views' work.
 */
import type { z } from 'zod'
import { writeAudit } from '../access/audit.ts'
import type { AccessTables } from '../access/schema.ts'
import type { AreasTables } from '../areas/schema.ts'
import { areaInScope, demandArea } from '../areas/scope.ts'
import type {
  AssetChange,
  Lifecycle,
  NewAsset,
  NewContract,
  NewOwner,
  NewSite,
} from '../contract/api/register.ts'
import type { Clock } from '../core/clock.ts'
import { newId } from '../core/ids.ts'
import { Problem } from '../core/problem.ts'
import type { Tx as AnyTx, Database } from '../db/database.ts'
import { appendEvent } from '../db/events.ts'
import type { Actor, Scope } from '../http/actor.ts'
import { addAsset, changeAsset, stepLifecycle } from './assets.ts'
import { bind, type NewBinding, unbind } from './bindings.ts'
import { demandAsset, demandBindable, demandDevice, demandPlace } from './demands.ts'
import { fitEquipment } from './equipment.ts'
import type { RegisterTables } from './schema.ts'

type Tables = RegisterTables & AreasTables & AccessTables
type Tx = AnyTx<Tables>
type Device = Parameters<typeof fitEquipment>[2]['device']

export type Register = ReturnType<typeof createRegister>

/** What is said to have happened has happened: history is not written ahead. */
function notLater(at: number | undefined, now: number): number {
  if (at === undefined || at <= now) return at ?? now
  throw new Problem('request.invalid', 'the moment lies in the future')
}

type Deed = {
  action: string
  event: string
  detail?: Record<string, unknown>
  /** What readers of the event must know without looking. */
  data?: Record<string, unknown>
}

export function createRegister({ db, clock }: { db: Database<Tables>; clock: Clock }) {
  /** One transaction: the change, its audit line, its event. `change` returns the subject's id. */
  const act = (
    actor: Actor,
    deed: Deed,
    change: (tx: Tx, scope: Scope, now: number) => Promise<string>,
  ) =>
    db.write(async (tx) => {
      const now = clock.now()
      const subject = await change(tx, actor.scope('asset:write'), now)
      await writeAudit(tx, {
        at: now,
        by: actor,
        action: deed.action,
        subject,
        ...(deed.detail ? { detail: deed.detail } : {}),
      })
      await appendEvent(tx, { kind: deed.event, subject, data: deed.data ?? {} }, now)
      return subject
    })

  return {
    addSite: (actor: Actor, site: z.infer<typeof NewSite>) =>
      act(
        actor,
        { action: 'site.added', event: 'site.added', detail: site },
        async (tx, scope, now) => {
          await demandArea(tx, scope, site.areaId)
          const id = newId(now)
          await tx
            .insertInto('sites')
            .values({ id, ...site, createdAt: now })
            .execute()
          return id
        },
      ),

    addAsset: (actor: Actor, asset: NewAsset) =>
      act(
        actor,
        { action: 'asset.added', event: 'asset.added', detail: asset },
        async (tx, scope, now) => {
          await demandPlace(tx, scope, asset)
          return addAsset(tx, asset, now)
        },
      ),

    changeAsset: (actor: Actor, id: string, change: z.infer<typeof AssetChange>) =>
      act(
        actor,
        {
          action: 'asset.changed',
          event: 'asset.changed',
          detail: change,
          data: { moved: change.areaId !== undefined || change.contractId !== undefined },
        },
        async (tx, scope) => {
          await demandAsset(tx, scope, id)
          await demandPlace(tx, scope, change)
          await changeAsset(tx, id, change)
          return id
        },
      ),

    stepLifecycle: (actor: Actor, id: string, step: { to: Lifecycle; reason: string }) =>
      act(
        actor,
        { action: 'asset.lifecycle', event: 'asset.lifecycle', detail: step },
        async (tx, scope, now) => {
          await demandAsset(tx, scope, id)
          await stepLifecycle(tx, id, { ...step, scope, now })
          return id
        },
      ),

    fitEquipment: (
      actor: Actor,
      assetId: string,
      fit: { device: Device; at: number | undefined },
    ) =>
      act(
        actor,
        {
          action: 'equipment.fitted',
          event: 'asset.changed',
          detail: { serial: fit.device.serial },
        },
        async (tx, scope, now) => {
          await demandAsset(tx, scope, assetId)
          await demandDevice(tx, scope, fit.device)
          await fitEquipment(tx, assetId, { device: fit.device, now: notLater(fit.at, now) })
          return assetId
        },
      ),

    bind: (actor: Actor, binding: NewBinding, at: number | undefined) =>
      act(
        actor,
        { action: 'binding.added', event: 'binding.changed', detail: binding },
        async (tx, scope, now) => {
          await demandBindable(tx, scope, binding)
          return bind(tx, binding, notLater(at, now))
        },
      ),

    unbind: (actor: Actor, id: string) =>
      act(actor, { action: 'binding.ended', event: 'binding.changed' }, async (tx, scope, now) => {
        const row = await tx
          .selectFrom('bindings')
          .select('assetId')
          .where('id', '=', id)
          .executeTakeFirst()
        if (!row) throw new Problem('register.not-found', `there is no binding ${id}`)
        await demandAsset(tx, scope, row.assetId)
        await unbind(tx, id, now)
        return id
      }),

    addOwner: (actor: Actor, owner: z.infer<typeof NewOwner>) =>
      act(actor, { action: 'owner.added', event: 'owner.added' }, async (tx, _scope, now) => {
        const id = newId(now)
        const consentAt = owner.consentAt === null ? null : Date.parse(owner.consentAt)
        await tx
          .insertInto('owners')
          .values({ id, ...owner, consentAt, createdAt: now })
          .execute()
        return id
      }),

    addContract: (actor: Actor, contract: z.infer<typeof NewContract>) =>
      act(
        actor,
        { action: 'contract.added', event: 'contract.added', detail: contract },
        async (tx, scope, now) => {
          if (!scope.everywhere)
            throw new Problem('access.forbidden', 'contracts are kept by who may change everything')
          const id = newId(now)
          const added = await tx
            .insertInto('contracts')
            .values({ id, ...contract, createdAt: now })
            .onConflict((oc) => oc.column('code').doNothing())
            .executeTakeFirst()
          if (Number(added.numInsertedOrUpdatedRows ?? 0) === 0)
            throw new Problem('resource.conflict', `there is a contract ${contract.code} already`)
          return id
        },
      ),

    listContracts: (scope: Scope) =>
      db.read((q) =>
        q
          .selectFrom('contracts')
          .select(['id', 'code', 'name', 'contractor', 'policyId'])
          .where((eb) => {
            const mine = scope.everywhere ? [] : [...scope.contracts]
            if (scope.everywhere) return eb('id', 'is not', null)
            return eb('id', 'in', mine.length > 0 ? mine : [''])
          })
          .orderBy('code')
          .execute(),
      ),

    listSites: (scope: Scope) =>
      db.read((q) =>
        q
          .selectFrom('sites')
          .select(['id', 'name', 'areaId', 'lat', 'lon', 'feeder'])
          .where((eb) => areaInScope(eb, scope, 'sites.areaId'))
          .orderBy('name')
          .execute(),
      ),
  }
}
