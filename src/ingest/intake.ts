import { type BulkTable, bulkUpsert, inTexts } from '../db/bulk.ts'
import { inChunks } from '../db/chunks.ts'
import { type AnyTx, type Tx as TxOf, withTables } from '../db/database.ts'
import type { Opened } from './messages.ts'
import { add, type Ranges } from './ranges.ts'
import type { IngestTables } from './schema.ts'

type Tx = TxOf<IngestTables>
/** Epochs in the order of their first record; the last ones are kept. */
type Epochs = Record<string, Ranges>
export type Known = { epochs: Epochs; seenAt: number }

/** An agent that lost its outbox this often has other worries than a record counted twice. */
const epochsKept = 50

/**
 * Which of the batch are new, and what is known afterwards. Pure. Effectively once: the same
 * (epoch, n) of an agent is fresh a single time, in whichever lane and order it comes.
 */
export function sift(
  before: ReadonlyMap<string, Known>,
  batch: readonly Opened[],
): { fresh: Opened[]; after: Map<string, Known>; repeated: number } {
  const after = new Map<string, Known>()
  const fresh: Opened[] = []
  for (const one of batch) {
    const { agentId, receivedAt } = one.entry
    const known = after.get(agentId) ?? copy(before.get(agentId))
    after.set(agentId, known)
    known.seenAt = Math.max(known.seenAt, receivedAt)
    if (isFresh(known, one.id)) fresh.push(one)
  }
  return { fresh, after, repeated: batch.length - fresh.length }
}

const copy = (known: Known | undefined): Known => ({
  epochs: { ...known?.epochs },
  seenAt: known?.seenAt ?? 0,
})

function isFresh(known: Known, id: Opened['id']): boolean {
  if (!id) return true
  const [epoch, n] = id
  const result = add(known.epochs[epoch] ?? [], n)
  known.epochs[epoch] = result.ranges
  const names = Object.keys(known.epochs)
  if (names.length > epochsKept && names[0] !== undefined) delete known.epochs[names[0]]
  return result.fresh
}

type Row = IngestTables['intake']

const table: BulkTable = {
  table: 'intake',
  columns: { agent_id: 'text', epochs: 'text', seen_at: 'bigint' },
  key: ['agent_id'],
}

const readRows = (tx: Tx, agentIds: readonly string[]): Promise<Row[]> =>
  tx
    .selectFrom('intake')
    .selectAll()
    .where(inTexts(tx, 'agentId', agentIds))
    .execute()

const lockRows = (tx: Tx, agentIds: readonly string[]): Promise<Row[]> =>
  tx
    .selectFrom('intake')
    .selectAll()
    .where(inTexts(tx, 'agentId', agentIds))
    .orderBy('agentId')
    .forUpdate()
    .execute()

/** A row that is not there cannot be locked: two hubs could both take an agent's first record. */
async function makeRows(tx: Tx, agentIds: readonly string[]): Promise<void> {
  const rows = agentIds.map((agentId) => ({ agentId, epochs: '{}', seenAt: 0 }))
  await inChunks(rows, (chunk) =>
    tx
      .insertInto('intake')
      .values(chunk)
      .onConflict((oc) => oc.doNothing())
      .execute(),
  )
}

async function lockedRows(tx: Tx, agentIds: readonly string[]): Promise<Row[]> {
  const found = await lockRows(tx, agentIds)
  const there = new Set(found.map((row) => row.agentId))
  const missing = agentIds.filter((id) => !there.has(id))
  if (missing.length === 0) return found
  await makeRows(tx, missing)
  return [...found, ...(await lockRows(tx, missing))]
}

/** What is known of these agents, locked until the transaction ends where rows can be locked. */
export async function loadKnown(
  anyTx: AnyTx,
  agentIds: readonly string[],
  dialect: 'sqlite' | 'postgres',
): Promise<Map<string, Known>> {
  if (agentIds.length === 0) return new Map()
  const tx: Tx = withTables<IngestTables>(anyTx)
  const ordered = agentIds.toSorted()
  const rows = dialect === 'postgres' ? await lockedRows(tx, ordered) : await readRows(tx, ordered)
  return new Map(
    rows.map((row) => [row.agentId, { epochs: JSON.parse(row.epochs), seenAt: row.seenAt }]),
  )
}

/** Keeps what is known, on the rows that `loadKnown` locked. */
export const saveKnown = (tx: AnyTx, known: ReadonlyMap<string, Known>): Promise<void> =>
  bulkUpsert(
    tx,
    table,
    [...known].map(([agentId, { epochs, seenAt }]) => [agentId, JSON.stringify(epochs), seenAt]),
  )
