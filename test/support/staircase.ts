/**
 * The staircase: a room imports lower steps only, never upward and never a neighbour on its own
 * step. What must flow up is a durable event or a function that `app.ts` hands in.
 */
export const staircase: readonly (readonly string[])[] = [
  ['contract'],
  ['core'],
  ['plan'],
  ['faults'],
  ['db'],
  ['http'],
  ['areas'],
  ['access'],
  ['register'],
  ['devices'],
  ['ingest', 'twin', 'rollout'],
  ['alerts'],
  ['lighting'],
  ['work'],
  ['notify'],
  ['views', 'reports'],
  ['config', 'metrics'],
  ['app'],
  ['main', 'demo'],
]

const stepOf = new Map(staircase.flatMap((rooms, step) => rooms.map((room) => [room, step])))

/** What stands beside the staircase sees only these rooms of `src`. */
const outside: Readonly<Record<string, readonly string[]>> = {
  broker: ['contract', 'core'],
  agents: ['contract', 'core', 'plan', 'faults'],
  dashboards: ['contract'],
}

/** Who may see what stands beside the staircase. */
const mayUse: Readonly<Record<string, readonly string[]>> = {
  broker: ['app', 'demo'],
  agents: ['demo'],
  'agents/fakes': ['demo'],
  dashboards: [],
}

/**
 * The room of a project path: `alerts` for `src/alerts/…`, `app` for `src/app.ts`, `broker`,
 * `agents`, `agents/fakes`, `console`, `test`; `undefined` for a package or a tool file.
 */
export function roomOf(path: string): string | undefined {
  const [top = '', second = ''] = path.split('/')
  if (top === 'src') return second.replace(/\.tsx?$/, '')
  if (top === 'agents') return second === 'fakes' ? 'agents/fakes' : 'agents'
  return top === 'broker' || top === 'dashboards' || top === 'test' ? top : undefined
}

const isKnown = (room: string): boolean =>
  stepOf.has(room) || room === 'console' || Object.hasOwn(mayUse, room)

/** Why file `from` may not import project file `to`; `undefined` when it may. */
export function importRefusal(from: string, to: string): string | undefined {
  const room = roomOf(from)
  const target = roomOf(to)
  if (room === undefined || room === 'test') return undefined
  if (!isKnown(room)) return `${room} is not a room of the staircase`
  if (target === undefined) return /\.(json|css|svg)$/.test(to) ? undefined : 'outside the rooms'
  if (target === room) return undefined
  if (target === 'test') return 'nothing imports the tests'
  if (room === 'console') {
    return to.startsWith('src/contract/api/') ? undefined : 'the console sees contract/api only'
  }
  return Object.hasOwn(mayUse, target) ? doorRefusal(room, target) : stepRefusal(room, target)
}

function doorRefusal(room: string, target: string): string | undefined {
  if (room === 'agents/fakes') return 'a fake stands alone'
  return mayUse[target]?.includes(room) ? undefined : `${target} is not for ${room}`
}

function stepRefusal(room: string, target: string): string | undefined {
  const seen = outside[room === 'agents/fakes' ? 'agents' : room]
  if (seen) return seen.includes(target) ? undefined : `${room} sees only ${seen.join(', ')}`
  const step = stepOf.get(room) ?? -1
  const targetStep = stepOf.get(target)
  if (targetStep === undefined) return `${target} is not a room of the staircase`
  if (targetStep === step) return `${target} stands on the same step`
  return targetStep < step ? undefined : `${target} stands higher`
}
