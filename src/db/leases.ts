import type { AnyDatabase, AnyTx } from './database.ts'
import { withTables } from './database.ts'
import type { DbTables } from './schema.ts'

/** `now` is epoch ms of the holder's clock: holders' clocks must agree to well below `ttlMs`. */
export type LeaseOrder = { name: string; holder: string; ttlMs: number; now: number }

/** A lease this many times longer than asked for is from a clock that was wrong by years. */
const farAhead = 10

/** As `tryLease`, inside a transaction of the caller. */
export async function takeLease(tx: AnyTx, order: LeaseOrder): Promise<boolean> {
  const { name, holder, ttlMs, now } = order
  const until = now + ttlMs
  const taken = await withTables<DbTables>(tx)
    .insertInto('leases')
    .values({ name, holder, until })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ holder, until })
        .where((e) =>
          e.or([
            e('leases.until', '<=', now),
            e('leases.until', '>', now + farAhead * ttlMs),
            e('leases.holder', '=', holder),
          ]),
        ),
    )
    .returning('name')
    .executeTakeFirst()
  return taken !== undefined
}

/**
 * Takes or renews the lease: true when `holder` has it until `now + ttlMs`, false while somebody
 * else does. One statement decides, so two can never both get it.
 */
export const tryLease = (db: AnyDatabase, order: LeaseOrder): Promise<boolean> =>
  db.write((tx) => takeLease(tx, order))

type Held = { name: string; holder: string }

/** As `releaseLease`, inside a transaction of the caller. */
export async function dropLease(tx: AnyTx, { name, holder }: Held): Promise<void> {
  await withTables<DbTables>(tx)
    .deleteFrom('leases')
    .where('name', '=', name)
    .where('holder', '=', holder)
    .execute()
}

/** Gives the lease back; nothing happens when somebody else has it by now. */
export const releaseLease = (db: AnyDatabase, held: Held): Promise<void> =>
  db.write((tx) => dropLease(tx, held))
