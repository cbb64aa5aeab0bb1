import type { AssetKind, Health } from '../contract/api/register.ts'
import type { PartState } from '../twin/merge.ts'

export type HealthFacts = {
  kind: AssetKind
  /** Codes of its open alerts, the worst first. */
  alerts: readonly string[]
  /** Is an agent bound to it now? */
  bound: boolean
  agentSilent: boolean
  state: PartState | undefined
}

/** The value that tells whether we know how the asset is, and what it is when all is well. */
const mainValue: Partial<Record<AssetKind, { name: string; good: number }>> = {
  camera: { name: 'online', good: 1 },
  recorder: { name: 'reachable', good: 1 },
  ups: { name: 'on_battery', good: 0 },
  cabinet: { name: 'comm_ok', good: 1 },
}

/**
 * Three-valued health of an asset with its reason. Pure. A fault is what an alert says; what
 * nobody can see is unknown, also while a hold is still running.
 */
export function healthOf(facts: HealthFacts): { health: Health; reason: string | null } {
  const [worst] = facts.alerts
  if (worst) return { health: 'fault', reason: worst }
  if (!facts.bound) return { health: 'unknown', reason: 'no-agent' }
  if (facts.agentSilent) return { health: 'unknown', reason: 'agent-silent' }
  if (facts.kind === 'agent') return { health: 'ok', reason: null }
  if (!facts.state) return { health: 'unknown', reason: 'no-data' }
  return ofState(facts.kind, facts.state)
}

function ofState(kind: AssetKind, state: PartState): { health: Health; reason: string | null } {
  const main = mainValue[kind]
  if (!main) return { health: 'ok', reason: null }
  const value = state.values[main.name]
  if (value === null || value === undefined) {
    const why = state.reasons?.[main.name] ?? state.reasons?.[''] ?? 'not-known'
    return { health: 'unknown', reason: why }
  }
  return value === main.good
    ? { health: 'ok', reason: null }
    : { health: 'unknown', reason: 'checking' }
}
