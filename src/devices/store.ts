/**
 * Agents: who they are and how they prove it. Promises: a claim code works once; secrets are kept
 * as keyed hashes only; a revoked agent is cut off at once. Never holds a recorder's password.
 */
import { writeAudit } from '../access/audit.ts'
import type { AccessTables } from '../access/schema.ts'
import type { AreasTables } from '../areas/schema.ts'
import { areaInScope, demandArea } from '../areas/scope.ts'
import { agentIdPattern } from '../contract/wire/common.ts'
import type { Birth } from '../contract/wire/messages.ts'
import type { Clock } from '../core/clock.ts'
import { minutes } from '../core/clock.ts'
import { newId, newSpokenCode } from '../core/ids.ts'
import { Problem } from '../core/problem.ts'
import { type Keyring, newSecret, sha256 } from '../core/secrets.ts'
import { type AnyTx, type Database, type Tx as TxOf, withTables } from '../db/database.ts'
import { appendEvent } from '../db/events.ts'
import type { Actor, Scope } from '../http/actor.ts'
import { adoptInventory } from '../register/adopt.ts'
import { addAsset } from '../register/assets.ts'
import { bind } from '../register/bindings.ts'
import { demandSite } from '../register/demands.ts'
import type { RegisterTables } from '../register/schema.ts'
import type { DevicesTables } from './schema.ts'

type Tables = DevicesTables & RegisterTables & AreasTables & AccessTables
type Tx = TxOf<Tables>

export type NewAgent = { id: string; name: string; areaId: string; siteId: string | null }
export type Devices = ReturnType<typeof createDevices>

/** The agent and its own asset, which carries its silence; the asset has the agent's id. */
async function insertAgent(
  tx: Tx,
  agent: NewAgent,
  credential: { secretHash: string; now: number },
) {
  const { secretHash, now } = credential
  await tx
    .insertInto('agents')
    .values({
      ...agent,
      state: 'enrolled',
      secretHash,
      previousHash: null,
      certificate: null,
      version: null,
      clockTrust: null,
      planFormat: null,
      inventory: '[]',
      inventoryHash: null,
      bornAt: null,
      createdAt: now,
      revokedAt: null,
    })
    .execute()
  await addAsset(
    tx,
    {
      id: agent.id,
      kind: 'agent',
      name: agent.name,
      areaId: agent.areaId,
      siteId: agent.siteId,
      parentId: null,
      contractId: null,
      lifecycle: 'commissioning',
      lat: null,
      lon: null,
      critical: false,
    },
    now,
  )
  await bind(
    tx,
    { agentId: agent.id, unit: 'agent', part: '', assetId: agent.id, assetPart: '' },
    now,
  )
}

/** An agent is where its own asset is: rights follow the asset, not the place of enrolment. */
async function demandAgent(tx: Tx, scope: Scope, id: string): Promise<DevicesTables['agents']> {
  const row = await tx
    .selectFrom('agents')
    .innerJoin('assets', 'assets.id', 'agents.id')
    .selectAll('agents')
    .where('agents.id', '=', id)
    .where((eb) => areaInScope(eb, scope, 'assets.areaId', 'assets.contractId'))
    .executeTakeFirst()
  if (!row) throw new Problem('devices.not-found', `there is no agent ${id}`)
  return row
}

async function isTaken(tx: Tx, agentId: string): Promise<boolean> {
  const agent = tx.selectFrom('agents').select('id').where('id', '=', agentId)
  const asset = tx.selectFrom('assets').select('id').where('id', '=', agentId)
  return (await agent.union(asset).executeTakeFirst()) !== undefined
}

const taken = (agentId: string) =>
  new Problem('resource.conflict', `the name ${agentId} is taken; ask for a code with another one`)

export function createDevices({
  db,
  clock,
  keyring,
}: {
  db: Database<Tables>
  clock: Clock
  keyring: Keyring
}) {
  const changed = (
    tx: Tx,
    id: string,
    note: { by: Actor | null; action: string; kind: string },
  ) => {
    const now = clock.now()
    const audit = { at: now, by: note.by, action: note.action, subject: id }
    return writeAudit(tx, audit).then(() => appendEvent(tx, { kind: note.kind, subject: id }, now))
  }

  return {
    /**
     * Makes a one-time code for one agent. Throws areas.not-found, register.not-found (site),
     * resource.conflict.
     */
    claim: (
      actor: Actor,
      wish: {
        name: string
        areaId: string
        siteId: string | null
        agentId?: string | undefined
        validMinutes: number
      },
    ): Promise<{ code: string; agentId: string; expiresAt: number }> =>
      db.write(async (tx) => {
        const now = clock.now()
        const scope = actor.scope('agent:write')
        await demandArea(tx, scope, wish.areaId)
        if (wish.siteId) await demandSite(tx, scope, wish.siteId)
        const agentId = wish.agentId ?? `a-${newId(now)}`
        if (!agentIdPattern.test(agentId))
          throw new Problem('request.invalid', 'agent id: 3-48 of a-z, 0-9 and -')
        if (await isTaken(tx, agentId)) throw taken(agentId)
        const code = newSpokenCode(5)
        const expiresAt = now + minutes(wish.validMinutes)
        await tx
          .insertInto('claims')
          .values({
            codeHash: sha256(code),
            name: wish.name,
            areaId: wish.areaId,
            siteId: wish.siteId,
            agentId,
            createdAt: now,
            expiresAt,
            usedAt: null,
          })
          .execute()
        await writeAudit(tx, { at: now, by: actor, action: 'claim.made', subject: agentId })
        return { code, agentId, expiresAt }
      }),

    /**
     * Turns a claim code into an agent with its secret. Throws devices.bad-claim, with one wording
     * for unknown, used and expired codes; resource.conflict when the name was taken meanwhile.
     */
    enrol: (
      code: string,
      about: { version?: string | undefined },
    ): Promise<{ agentId: string; secret: string }> =>
      db.write(async (tx) => {
        const now = clock.now()
        const claim = await tx
          .updateTable('claims')
          .set({ usedAt: now })
          .where('codeHash', '=', sha256(code.trim().toLowerCase()))
          .where('usedAt', 'is', null)
          .where('expiresAt', '>', now)
          .returningAll()
          .executeTakeFirst()
        if (!claim)
          throw new Problem(
            'devices.bad-claim',
            'this code is wrong, was used or has expired; ask for a new one',
          )
        const secret = newSecret()
        const { agentId, name, areaId, siteId } = claim
        // Of two codes for one name the first one used has it.
        if (await isTaken(tx, agentId)) throw taken(agentId)
        await insertAgent(
          tx,
          { id: agentId, name, areaId, siteId },
          { secretHash: keyring.hash(secret), now },
        )
        await writeAudit(tx, {
          at: now,
          by: null,
          action: 'agent.enrolled',
          subject: agentId,
          detail: about,
        })
        await appendEvent(tx, { kind: 'agent.enrolled', subject: agentId }, now)
        return { agentId, secret }
      }),

    /** Adds agents with their secrets directly; for the demo, benches and bulk preparation. */
    addAll: (agents: readonly (NewAgent & { secret: string })[]): Promise<void> =>
      db.write(async (tx) => {
        const now = clock.now()
        for (const { secret, ...agent } of agents) {
          await insertAgent(tx, agent, { secretHash: keyring.hash(secret), now })
        }
        await appendEvent(tx, { kind: 'agent.enrolled', subject: '*' }, now)
      }),

    /** A new secret; the old one works until the new one is used. Throws devices.not-found, devices.revoked. */
    rotate: (actor: Actor, id: string): Promise<string> =>
      db.write(async (tx) => {
        const agent = await demandAgent(tx, actor.scope('agent:write'), id)
        if (agent.state === 'revoked')
          throw new Problem('devices.revoked', 'enrol it again with a new claim code')
        const secret = newSecret()
        await tx
          .updateTable('agents')
          .set({
            previousHash: agent.previousHash ?? agent.secretHash,
            secretHash: keyring.hash(secret),
          })
          .where('id', '=', id)
          .execute()
        await changed(tx, id, { by: actor, action: 'agent.rotated', kind: 'agent.changed' })
        return secret
      }),

    /** The new secret has been used: forget the old one, in every hub. */
    forgetPrevious: (id: string): Promise<void> =>
      db.write(async (tx) => {
        await tx.updateTable('agents').set({ previousHash: null }).where('id', '=', id).execute()
        await appendEvent(tx, { kind: 'agent.changed', subject: id }, clock.now())
      }),

    /** Sets the certificate an agent may use on the TLS port (its SHA-256 fingerprint). */
    setCertificate: (actor: Actor, id: string, fingerprint256: string | null): Promise<void> =>
      db.write(async (tx) => {
        await demandAgent(tx, actor.scope('agent:write'), id)
        await tx
          .updateTable('agents')
          .set({ certificate: fingerprint256 })
          .where('id', '=', id)
          .execute()
        await changed(tx, id, { by: actor, action: 'agent.certificate', kind: 'agent.changed' })
      }),

    /** Ends the agent's access for good. Throws devices.not-found. */
    revoke: (actor: Actor, id: string): Promise<void> =>
      db.write(async (tx) => {
        await demandAgent(tx, actor.scope('agent:write'), id)
        await tx
          .updateTable('agents')
          .set({ state: 'revoked', revokedAt: clock.now() })
          .where('id', '=', id)
          .execute()
        await changed(tx, id, { by: actor, action: 'agent.revoked', kind: 'agent.revoked' })
      }),
  }
}

/**
 * What a birth says about the agent itself, in the reader's transaction. The inventory is looked
 * at only when it differs from the last one. Returns true when assets were added.
 */
export async function takeBirth(
  anyTx: AnyTx,
  agentId: string,
  said: { birth: Birth; at: number; hash: string },
): Promise<boolean> {
  const tx = withTables<Tables>(anyTx)
  const { birth, at, hash } = said
  const agent = await tx
    .selectFrom('agents')
    .innerJoin('assets', 'assets.id', 'agents.id')
    .select(['agents.inventoryHash', 'assets.name', 'assets.areaId', 'assets.siteId'])
    .where('agents.id', '=', agentId)
    .executeTakeFirst()
  if (!agent) return false
  const isNew = agent.inventoryHash !== hash
  await tx
    .updateTable('agents')
    .set({
      version: birth.version,
      clockTrust: birth.trust,
      planFormat: birth.plan.format,
      bornAt: at,
      ...(isNew ? { inventory: JSON.stringify(birth.inventory), inventoryHash: hash } : {}),
    })
    .where('id', '=', agentId)
    .execute()
  if (!isNew) return false
  const place = { agentId, agentName: agent.name, areaId: agent.areaId, siteId: agent.siteId }
  return (await adoptInventory(tx, place, { units: birth.inventory, now: at })) > 0
}
