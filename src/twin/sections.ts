/**
 * Desired state by named sections. Promises: a version rises only when the content changes; what
 * an agent lacks is derived from the database at each birth, never from a queue. Never sends.
 */
import type { Accepted } from '../contract/wire/accepted.ts'
import type { BodyOf } from '../contract/wire/channels.ts'
import type { SectionName } from '../contract/wire/common.ts'
import { inChunks } from '../db/chunks.ts'
import { type AnyTx, type Tx as TxOf, withTables } from '../db/database.ts'
import { sectionHash } from '../plan/hash.ts'
import type { TwinTables } from './schema.ts'

type Tx = TxOf<TwinTables>
type Row = TwinTables['twinSections']

/** Sets what an agent shall hold. Returns true when that is a change; the caller appends the event. */
export async function setDesired(
  anyTx: AnyTx,
  agentId: string,
  desired: { section: SectionName; body: unknown; now: number },
): Promise<boolean> {
  const tx = withTables<TwinTables>(anyTx)
  const hash = sectionHash(desired.body)
  const { section, now } = desired
  const before = await tx
    .selectFrom('twinSections')
    .select(['hash', 'version', 'reportedHash'])
    .where('agentId', '=', agentId)
    .where('section', '=', section)
    .executeTakeFirst()
  if (before?.hash === hash) return false
  const row = {
    version: (before?.version ?? 0) + 1,
    hash,
    body: JSON.stringify(desired.body),
    updatedAt: now,
    state: before?.reportedHash === hash ? 'accepted' : 'pending',
    reason: null,
  }
  await tx
    .insertInto('twinSections')
    .values({
      agentId,
      section,
      ...row,
      reportedVersion: null,
      reportedHash: null,
      reportedAt: null,
    })
    .onConflict((oc) => oc.columns(['agentId', 'section']).doUpdateSet(row))
    .execute()
  return true
}

type Said = {
  version: number
  hash: string
  state: 'accepted' | 'refused'
  reason?: string | undefined
}

/** What a report about one section means for its row. Pure. */
function reportOn(row: Row, said: Said, at: number): Partial<Row> {
  if (said.state === 'refused') {
    // What it holds is unchanged by a refusal; a refusal of something else is old news.
    return said.hash === row.hash
      ? { state: 'refused', reason: said.reason ?? '', reportedAt: at }
      : {}
  }
  return {
    reportedVersion: said.version,
    reportedHash: said.hash,
    state: said.hash === row.hash ? 'accepted' : 'pending',
    reason: null,
    reportedAt: at,
  }
}

function saidOf(message: Accepted): [string, Said][] {
  if (message.channel === 'reported') return Object.entries(message.body.sections)
  if (message.channel !== 'birth') return []
  return Object.entries(message.body.held).map(([name, held]) => [
    name,
    { ...held, state: 'accepted' },
  ])
}

/** An agent whose birth names no such section holds none. */
function withLacking(message: Accepted, rows: readonly Row[]): [string, Said][] {
  const said = saidOf(message)
  if (message.channel !== 'birth') return said
  const named = new Set(said.map(([name]) => name))
  const lacking = rows.filter((row) => row.reportedHash !== null && !named.has(row.section))
  return [
    ...said,
    ...lacking.map((row): [string, Said] => [
      row.section,
      { version: 0, hash: '', state: 'accepted' },
    ]),
  ]
}

/** Takes births and reports into the sections, in the reader's transaction. */
export async function applyReports(anyTx: AnyTx, messages: readonly Accepted[]): Promise<void> {
  const reports = messages.filter(
    (one) => (one.channel === 'birth' || one.channel === 'reported') && !one.late,
  )
  if (reports.length === 0) return
  const tx = withTables<TwinTables>(anyTx)
  const agentIds = [...new Set(reports.map((message) => message.agentId))]
  const pages = await inChunks(agentIds, (ids) =>
    tx.selectFrom('twinSections').selectAll().where('agentId', 'in', ids).execute(),
  )
  const byAgent = Map.groupBy(pages.flat(), (row) => row.agentId)
  for (const message of reports) {
    const rows = byAgent.get(message.agentId) ?? []
    for (const [section, said] of withLacking(message, rows)) {
      const row = rows.find((one) => one.section === section)
      if (row && !isOld(row, message))
        await updateRow(tx, row, reportOn(row, said, message.receivedAt))
    }
  }
}

/**
 * Another hub may read slower than we do. A birth always counts: who is born anew may have lost
 * what it held.
 */
const isOld = (row: Row, message: Accepted): boolean =>
  message.channel === 'reported' && message.receivedAt < (row.reportedAt ?? 0)

const same = (row: Row, change: Partial<Row>): boolean =>
  (['reportedHash', 'reportedVersion', 'state', 'reason'] as const).every(
    (name) => change[name] === undefined || change[name] === row[name],
  )

async function updateRow(tx: Tx, row: Row, change: Partial<Row>): Promise<void> {
  if (same(row, change)) return
  Object.assign(row, change)
  await tx
    .updateTable('twinSections')
    .set(change)
    .where('agentId', '=', row.agentId)
    .where('section', '=', row.section)
    .execute()
}

/** The sections that each of these agents does not hold as desired; agents that lack none are absent. */
export async function lackingSections(
  anyTx: AnyTx,
  agentIds: readonly string[],
): Promise<Map<string, BodyOf<'desired'>['sections']>> {
  const tx = withTables<TwinTables>(anyTx)
  const pages = await inChunks(agentIds, (ids) =>
    tx
      .selectFrom('twinSections')
      .selectAll()
      .where('agentId', 'in', ids)
      .where((eb) =>
        eb.or([eb('reportedHash', 'is', null), eb('reportedHash', '!=', eb.ref('hash'))]),
      )
      .execute(),
  )
  const lacking = new Map<string, BodyOf<'desired'>['sections']>()
  for (const row of pages.flat()) {
    const sections = lacking.get(row.agentId) ?? {}
    sections[row.section as SectionName] = {
      version: row.version,
      hash: row.hash,
      body: JSON.parse(row.body),
    }
    lacking.set(row.agentId, sections)
  }
  return lacking
}

/** Agents that were told of a section before `before` (epoch ms) and have not answered. */
export async function pendingAgents(anyTx: AnyTx, before: number): Promise<string[]> {
  const rows = await withTables<TwinTables>(anyTx)
    .selectFrom('twinSections')
    .select('agentId')
    .distinct()
    .where('state', '=', 'pending')
    .where('updatedAt', '<', before)
    .execute()
  return rows.map((row) => row.agentId)
}
