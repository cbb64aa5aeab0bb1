import type { z } from 'zod'
import type { PutLightingProgram } from '../contract/api/operations.ts'
import { Problem } from '../core/problem.ts'

type Wish = Pick<z.infer<typeof PutLightingProgram>, 'weekly'>

const weekdayNames = [
  '',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
]

/**
 * Each evening has exactly one set of hours: a weekday named twice would let chance decide, one
 * that is missing would run on the fail-safe without anybody having said so.
 */
export function demandWholeWeek({ weekly }: Wish): void {
  const days = weekly.flatMap((row) => row.weekdays)
  const twice = days.find((day, index) => days.indexOf(day) !== index)
  if (twice !== undefined) {
    throw new Problem('lighting.bad-program', `${weekdayNames[twice]} stands in two rows`)
  }
  const missing = [1, 2, 3, 4, 5, 6, 7].filter((day) => !days.includes(day))
  if (missing.length > 0) {
    const names = missing.map((day) => weekdayNames[day]).join(', ')
    throw new Problem(
      'lighting.bad-program',
      `no hours for ${names}; give an empty row for dark evenings`,
    )
  }
}
