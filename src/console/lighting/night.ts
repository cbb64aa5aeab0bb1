export type NightPiece = { from: number; to: number; level: number }

export type Night = {
  date: string
  sunset: string | null
  sunrise: string | null
  transitions: { at: string; level: number }[]
  minutesLit: number
}

const dayMs = 86_400_000

/** Noon of a date in the province, which knows no daylight saving. */
export const noonOf = (date: string): number => Date.parse(`${date}T12:00:00+07:00`)

/** The lit pieces of a night, noon to noon, as its transitions tell. Pure. */
export function piecesOf(night: Night): NightPiece[] {
  const start = noonOf(night.date)
  const end = start + dayMs
  const changes = night.transitions.map(({ at, level }) => ({ at: Date.parse(at), level }))
  return changes
    .map(({ at, level }, index) => ({
      from: Math.max(at, start),
      to: Math.min(changes[index + 1]?.at ?? end, end),
      level,
    }))
    .filter((piece) => piece.level > 0 && piece.to > piece.from)
}

/** Weekday of a calendar date, 0 = Sunday. */
export const weekdayOf = (date: string): number => new Date(`${date}T00:00:00Z`).getUTCDay()

/** `2026-11-23` → `24`: the day of the month on which the night ends. */
export const nextDayOf = (date: string): string =>
  String(new Date(Date.parse(`${date}T00:00:00Z`) + dayMs).getUTCDate())
