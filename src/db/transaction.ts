import { AsyncLocalStorage } from 'node:async_hooks'
import type { Mode } from './engine.ts'

/** What is known of the transaction around the running code. */
export type Transaction = { mode: Mode; over: boolean; appended: boolean }

const around = new AsyncLocalStorage<Transaction>()

/** The open transaction in whose `work` this code runs. */
export function currentTransaction(): Transaction | undefined {
  const transaction = around.getStore()
  return transaction?.over === false ? transaction : undefined
}

/**
 * Refuses a transaction inside another one: on SQLite a nested write waits for itself for ever,
 * on PostgreSQL it takes a second connection and sees nothing of the first.
 */
export function refuseNesting(mode: Mode): void {
  const outer = currentTransaction()
  if (outer) throw new Error(`db.${mode} inside db.${outer.mode}: use the handle that it gave you`)
}

export const runInside = <T>(transaction: Transaction, work: () => Promise<T>): Promise<T> =>
  around.run(transaction, work)

/** Notes that the open transaction appended events, so that its commit wakes their readers. */
export function markAppended(): void {
  const transaction = currentTransaction()
  if (transaction) transaction.appended = true
}
