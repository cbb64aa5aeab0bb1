import type { LightingProgram } from '../contract/api/operations.ts'
import { dayPlanOn } from '../plan/day-plan.ts'
import { levelAt, transitions } from '../plan/level.ts'
import { lightingDay, lightingDayAt } from '../plan/lighting-day.ts'
import { sunIn } from '../plan/sun.ts'
import { type AreaProgram, failSafe, type PlanPlace, toRules } from './compile.ts'

type Night = {
  date: string
  sunset: string | null
  sunrise: string | null
  transitions: { at: string; level: number }[]
  minutesLit: number
}

const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString())

/** The next nights of a weekly program at a place, from the evening of `from` on. Pure. */
export function previewNights(
  weekly: LightingProgram['weekly'],
  place: PlanPlace,
  { from, nights }: { from: number; nights: number },
): Night[] {
  const program: AreaProgram = { areaId: 'preview', name: 'preview', version: 0, weekly }
  const plan = { rules: toRules(program), failSafe }
  const result: Night[] = []
  let date = lightingDayAt(from, place.timeZone).date
  for (let i = 0; i < nights; i += 1) {
    const day = lightingDay(date, place.timeZone)
    const pieces = dayPlanOn(plan, place, date).pieces
    const startLevel = levelAt(plan, place, day.from)
    const changes = transitions(plan, place, day.from, day.to - 1)
    result.push({
      date,
      sunset: iso(sunIn(day, 'sunset', place)),
      sunrise: iso(sunIn(day, 'sunrise', place)),
      transitions: [
        ...(startLevel > 0 ? [{ at: new Date(day.from).toISOString(), level: startLevel }] : []),
        ...changes.map(({ at, level }) => ({ at: new Date(at).toISOString(), level })),
      ],
      minutesLit: pieces.reduce(
        (sum, piece) => sum + (piece.level > 0 ? (piece.to - piece.from) / 60_000 : 0),
        0,
      ),
    })
    date = Temporal.PlainDate.from(date).add({ days: 1 }).toString()
  }
  return result
}
