import type { Lifecycle } from '../contract/api/register.ts'

/** planned → commissioning → in service ⇄ suspended → retired; retiring is possible from anywhere. */
const steps: Record<Lifecycle, readonly Lifecycle[]> = {
  planned: ['commissioning', 'retired'],
  commissioning: ['in-service', 'retired'],
  'in-service': ['suspended', 'retired'],
  suspended: ['in-service', 'retired'],
  retired: [],
}

export const mayStep = (from: Lifecycle, to: Lifecycle): boolean => steps[from].includes(to)

/** Only what is in service raises alerts and counts for the SLA. */
export const isJudged = (lifecycle: string): boolean => lifecycle === 'in-service'
