import { Problem } from '../core/problem.ts'

/** Splits 'room.N'; throws for anything else. */
function parse(id: string): { room: string; number: number } {
  const [, room, digits] = /^([a-z][a-z-]*)\.([1-9]\d*)$/.exec(id) ?? []
  if (!room || !digits) throw new Error(`migration id ${id} is not of the form room.N`)
  return { room, number: Number(digits) }
}

/** Each room counts 1, 2, 3 … without a gap; throws when the program's own list does not. */
function checkList(ids: string[]): void {
  const last = new Map<string, number>()
  for (const id of ids) {
    const { room, number } = parse(id)
    const expected = (last.get(room) ?? 0) + 1
    if (number !== expected)
      throw new Error(`migration ${id} stands where ${room}.${expected} must`)
    last.set(room, number)
  }
}

/**
 * Which of the program's migrations are still to be applied, in order. Throws Problem
 * `db.newer-schema` when the database has one that this program does not know, or lacks an
 * earlier one of a room whose later one it has.
 */
export function pendingMigrations(known: string[], applied: string[]): string[] {
  checkList(known)
  const unknown = applied.filter((id) => !known.includes(id))
  if (unknown.length > 0) {
    throw new Problem(
      'db.newer-schema',
      `the database was made by a newer version of the program (it has ${unknown.join(', ')}); ` +
        'nothing was changed: run that version, or restore a backup made by this one',
    )
  }
  const pending = known.filter((id) => !applied.includes(id))
  for (const id of pending) {
    const { room, number } = parse(id)
    const later = applied.find((one) => parse(one).room === room && parse(one).number > number)
    if (!later) continue
    throw new Problem('db.newer-schema', `the database has ${later} but not ${id}; nothing changed`)
  }
  return pending
}
