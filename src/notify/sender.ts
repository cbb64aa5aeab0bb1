/**
 * Sends what is due. At least once, with the delivery's id for the receiver to drop a double; a row
 * is claimed before sending, so two hubs never send it side by side.
 */
import type { AlertsTables } from '../alerts/schema.ts'
import type { AreasTables } from '../areas/schema.ts'
import { type Clock, minutes, seconds } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createLoop, type Loop } from '../core/loop.ts'
import { messageOf } from '../core/problem.ts'
import type { Keyring } from '../core/secrets.ts'
import type { Database, Tx as TxOf } from '../db/database.ts'
import { isFaultCode, type Severity } from '../faults/catalogue.ts'
import type { RegisterTables } from '../register/schema.ts'
import { type Channel, NotSent } from './channel.ts'
import { attemptsAtMost, isStillTrue, type NoticeKind, retryAfterMs } from './decide.ts'
import { compose, type Notice } from './message.ts'
import type { NotifyTables } from './schema.ts'

type Tables = NotifyTables & AlertsTables & RegisterTables & AreasTables
type Tx = TxOf<Tables>
type Delivery = NotifyTables['deliveries']
type Target = NotifyTables['notifyTargets']

type Options = {
  db: Database<Tables>
  clock: Clock
  log: Log
  keyring: Keyring
  channels: Partial<Record<string, Channel>>
  publicUrl: () => string
  timeZone: string
  count: (result: 'sent' | 'failed' | 'skipped' | 'retried') => void
}

const claimMs = minutes(2)

async function findNotice(tx: Tx, delivery: Delivery, publicUrl: string) {
  const row = await tx
    .selectFrom('alerts')
    .innerJoin('assets', 'assets.id', 'alerts.assetId')
    .innerJoin('areaVersions as v', 'v.areaId', 'assets.areaId')
    .where('v.validTo', 'is', null)
    .where('alerts.id', '=', delivery.alertId)
    .selectAll('alerts')
    .select((eb) => [
      'assets.name as assetName',
      'v.name as areaName',
      eb
        .selectFrom('alerts as c')
        .whereRef('c.causeId', '=', 'alerts.id')
        .select((e) => e.fn.countAll<number>().as('n'))
        .as('children'),
    ])
    .executeTakeFirst()
  if (!row || !isFaultCode(row.code)) return undefined
  const told = await tx
    .selectFrom('deliveries')
    .select(['kind', 'sentAt'])
    .where('alertId', '=', delivery.alertId)
    .where('targetId', '=', delivery.targetId)
    .where('state', '=', 'sent')
    .orderBy('sentAt', 'desc')
    .orderBy('eventSeq', 'desc')
    .limit(1)
    .executeTakeFirst()
  const notice: Notice = {
    kind: delivery.kind as NoticeKind,
    alertId: row.id,
    code: row.code,
    severity: row.severity as Severity,
    assetName: row.assetName,
    areaName: row.areaName,
    part: row.part,
    since: row.since,
    resolvedAt: row.resolvedAt,
    children: Number(row.children ?? 0),
    url: `${publicUrl}/alerts/${row.id}`,
  }
  const { state, causeId, late } = row
  return {
    notice,
    alert: { state, causeId, severity: notice.severity, late: late === 1 },
    told: told && { kind: told.kind as NoticeKind, sentAt: told.sentAt ?? 0 },
  }
}

export function startSender(options: Options): Loop {
  const { db, clock, log } = options

  const claim = (now: number) =>
    db.write(async (tx) => {
      const due = await tx
        .selectFrom('deliveries')
        .selectAll()
        .where('state', '=', 'waiting')
        .where('nextAt', '<=', now)
        .orderBy('nextAt')
        .orderBy('eventSeq')
        .limit(20)
        .execute()
      const claimed: Delivery[] = []
      for (const one of due) {
        // Asked again with the change: another hub may have taken it since the look.
        const taken = await tx
          .updateTable('deliveries')
          .set({ nextAt: now + claimMs })
          .where('id', '=', one.id)
          .where('state', '=', 'waiting')
          .where('nextAt', '<=', now)
          .returning('id')
          .executeTakeFirst()
        if (taken) claimed.push(one)
      }
      return claimed
    })

  const finish = (id: string, change: Partial<Delivery>) =>
    db.write(async (tx) => {
      await tx.updateTable('deliveries').set(change).where('id', '=', id).execute()
    })

  const deliver = async (delivery: Delivery, target: Target, notice: Notice) => {
    const channel = options.channels[target.kind]
    if (!channel)
      throw new NotSent(`the channel ${target.kind} is not set up on this hub`, { giveUp: false })
    const language = target.language === 'en' ? 'en' : 'vi'
    const { subject, text } = compose(notice, language, options.timeZone)
    await channel.send(
      { id: delivery.id, at: clock.now(), subject, text, body: { ...notice } },
      { address: target.address, secret: options.keyring.unseal(target.secret) },
    )
  }

  const failed = async (delivery: Delivery, error: unknown) => {
    const attempts = delivery.attempts + 1
    const giveUp = (error instanceof NotSent && error.giveUp) || attempts >= attemptsAtMost
    const lastError = messageOf(error).slice(0, 300)
    options.count(giveUp ? 'failed' : 'retried')
    const words = giveUp ? 'a message was given up' : 'a message was not sent, trying again'
    log.warn(
      { deliveryId: delivery.id, targetId: delivery.targetId, attempts, reason: lastError },
      words,
    )
    await finish(delivery.id, {
      attempts,
      lastError,
      state: giveUp ? 'failed' : 'waiting',
      nextAt: clock.now() + retryAfterMs(attempts),
    })
  }

  const one = async (delivery: Delivery) => {
    const { target, found } = await db.read(async (q) => ({
      target: await q
        .selectFrom('notifyTargets')
        .selectAll()
        .where('id', '=', delivery.targetId)
        .executeTakeFirst(),
      found: await findNotice(q, delivery, options.publicUrl()),
    }))
    const { createdAt } = delivery
    const isWorthIt =
      target?.enabled === 1 &&
      found &&
      isStillTrue({ kind: found.notice.kind, createdAt }, found.alert, found.told)
    if (!isWorthIt) {
      options.count('skipped')
      return finish(delivery.id, { state: 'skipped' })
    }
    try {
      await deliver(delivery, target, found.notice)
    } catch (error) {
      return failed(delivery, error)
    }
    options.count('sent')
    return finish(delivery.id, {
      state: 'sent',
      sentAt: clock.now(),
      attempts: delivery.attempts + 1,
      lastError: null,
    })
  }

  /** Of one alert one message after the other: what the first one says decides on the next. */
  const inOrder = async (deliveries: readonly Delivery[]) => {
    for (const delivery of deliveries) await one(delivery)
  }

  return createLoop({
    name: 'sender',
    clock,
    log,
    idleMs: seconds(5),
    turn: async () => {
      const due = await claim(clock.now())
      const groups = Map.groupBy(due, (each) => `${each.alertId}/${each.targetId}`)
      await Promise.all([...groups.values()].map(inOrder))
      return due.length > 0
    },
  })
}
