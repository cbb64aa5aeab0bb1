import type { Lifecycle } from '../../contract/api/register.ts'

/** Steps the hub allows from each stage, in the order they are offered. */
export const lifecycleSteps: Record<Lifecycle, readonly Lifecycle[]> = {
  planned: ['commissioning', 'retired'],
  commissioning: ['in-service', 'retired'],
  'in-service': ['suspended', 'retired'],
  suspended: ['in-service', 'retired'],
  retired: [],
}
