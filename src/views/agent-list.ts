import type { z } from 'zod'
import { areaInScope, areaWithin } from '../areas/scope.ts'
import type { Agent, AgentQuery } from '../contract/api/register.ts'
import type { InventoryUnit } from '../contract/wire/messages.ts'
import { inChunks } from '../db/chunks.ts'
import type { Tx as TxOf } from '../db/database.ts'
import type { Scope } from '../http/actor.ts'
import { fromCursor, toPage } from '../http/page.ts'
import type { ViewTables } from './tables.ts'

type Tx = TxOf<ViewTables>
const iso = (at: number) => new Date(at).toISOString()

/** Agents inside the scope, with presence and the state of what they shall hold. */
export async function listAgents(
  tx: Tx,
  scope: Scope,
  query: z.infer<typeof AgentQuery>,
): Promise<{ items: Agent[]; next: string | null }> {
  const [after] = query.cursor === undefined ? [] : fromCursor(query.cursor, ['text'])
  const rows = await tx
    .selectFrom('agents')
    .leftJoin('presence', 'presence.agentId', 'agents.id')
    .leftJoin('intake', 'intake.agentId', 'agents.id')
    .innerJoin('assets', 'assets.id', 'agents.id')
    .selectAll('agents')
    .select([
      'presence.connected',
      'intake.seenAt',
      'assets.name',
      'assets.areaId',
      'assets.siteId',
    ])
    .where((eb) => areaInScope(eb, scope, 'assets.areaId', 'assets.contractId'))
    .$if(query.areaId !== undefined, (q) =>
      q.where(areaWithin('assets.areaId', query.areaId ?? '')),
    )
    .$if(after !== undefined, (q) => q.where('agents.id', '>', after ?? ''))
    .orderBy('agents.id')
    .limit(query.limit + 1)
    .execute()
  const { items, next } = toPage(rows, query.limit, (row) => [row.id])
  const pages = await inChunks(
    items.map((row) => row.id),
    (ids) => tx.selectFrom('twinSections').selectAll().where('agentId', 'in', ids).execute(),
  )
  const sections = Map.groupBy(pages.flat(), (row) => row.agentId)
  return {
    next,
    items: items.map((row) => ({
      id: row.id,
      name: row.name,
      areaId: row.areaId,
      siteId: row.siteId,
      state: row.state as Agent['state'],
      version: row.version,
      connected: row.connected === 1,
      lastSeenAt: row.seenAt === null ? null : iso(row.seenAt),
      clockTrust: row.clockTrust as Agent['clockTrust'],
      units: (JSON.parse(row.inventory) as InventoryUnit[]).map(({ unit, kind, label }) => ({
        unit,
        kind,
        label: label ?? null,
      })),
      sections: (sections.get(row.id) ?? []).map((one) => ({
        section: one.section,
        desiredVersion: one.version,
        state: one.state as 'pending',
        reason: one.reason,
      })),
      createdAt: iso(row.createdAt),
    })),
  }
}
