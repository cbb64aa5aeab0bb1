/** SQLite takes 32,766 parameters in one statement, PostgreSQL 65,535. */
const mostParameters = 32_000
const mostRows = 1000

const parametersOf = (row: unknown): number =>
  typeof row === 'object' && row !== null ? Math.max(1, Object.keys(row).length) : 1

/**
 * Runs `work` with slices of `rows` that fit the parameter limit of both dialects, one after the
 * other: rows for a multi-row insert, or plain values for `in (…)`. Returns what each one gave.
 */
export async function inChunks<Row, Result>(
  rows: readonly Row[],
  work: (chunk: Row[]) => Promise<Result>,
): Promise<Result[]> {
  const widest = rows.reduce((most, row) => Math.max(most, parametersOf(row)), 1)
  const size = Math.max(1, Math.min(mostRows, Math.floor(mostParameters / widest)))
  const results: Result[] = []
  for (let from = 0; from < rows.length; from += size) {
    results.push(await work(rows.slice(from, from + size)))
  }
  return results
}
