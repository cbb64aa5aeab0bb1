import type { CircuitPlan, Program } from '../contract/wire/plan.ts'

/** What a cabinet does that holds no plan: the sun, with the margins of common practice. */
export const builtInSun: Program = {
  id: 'built-in-sun',
  name: 'Built in: sunset +10 min to sunrise -15 min',
  segments: [
    {
      from: { kind: 'sun', event: 'sunset', offsetMin: 10 },
      to: { kind: 'sun', event: 'sunrise', offsetMin: -15 },
      level: 100,
    },
  ],
}

/** The last resort where the sun cannot be told: dark hours of any Vietnamese night. */
export const builtInHours: Program = {
  id: 'built-in-hours',
  name: 'Built in: 18:00 to 05:30',
  segments: [
    { from: { kind: 'clock', at: '18:00' }, to: { kind: 'clock', at: '05:30' }, level: 100 },
  ],
}

/** The plan of a circuit that no plan names. */
export const builtInCircuitPlan: CircuitPlan = { rules: [], failSafe: builtInSun }
