import type { Collected, CollectorDeps } from '../runtime/collector.ts'
import type { DeviceHttp } from './device-http.ts'
import { createPageReader, type Pages } from './hikvision-pages.ts'
import { see } from './hikvision-snapshot.ts'
import { createIsapiAsker, type Poll } from './isapi-asker.ts'
import { lockoutText } from './lockout.ts'
import { createInventoryBook } from './recorder-inventory.ts'
import { allChannelsUnknown, allDisksUnknown } from './recorder-memory.ts'
import type { RecorderState } from './recorder-state.ts'
import type { RecorderSnapshot } from './snapshot.ts'

/** One look at a recorder: from inside with the login, or from outside while it is held back. */
export type Looked = { snapshot: RecorderSnapshot; inventory?: Collected['inventory'] }

export type Looker = {
  inside: (signal: AbortSignal) => Promise<Looked>
  /** Only knocks at the port: proves power and network, and can never count as a login. */
  fromOutside: (signal: AbortSignal, missing?: string) => Promise<Looked>
  /** Ask everything again at the next look. */
  forget: () => void
}

type Parts = { unit: string; deps: CollectorDeps; state: RecorderState; http: DeviceHttp }

export function createLooker({ unit, deps, state, http }: Parts): Looker {
  const asker = createIsapiAsker({ http, clock: deps.clock })
  const pages = createPageReader(deps.clock)
  const book = createInventoryBook(unit)
  const load = createLoadMemory()
  const forget = () => {
    asker.forget()
    pages.forget()
  }
  const isTrusted = () => deps.clockTrust() !== 'untrusted'

  const inside = async (signal: AbortSignal): Promise<Looked> => {
    const poll = asker.poll(signal)
    const read = await pages.read(poll)
    const { restarted, cpuMeasured } = load.note(read)
    const seen = see(read, state.memory(), { cpuMeasured, agentClockTrusted: isTrusted() })
    const snapshot = { ...seen.snapshot, ...poll.contact(), ...loginOf(state, poll) }
    // What comes back after a silence or a restart may be another firmware or another recorder.
    if (snapshot.contact !== 'answered' || restarted) forget()
    if (snapshot.login !== 'accepted') return { snapshot }
    state.remember(seen.memory)
    const inventory = book.changed(read, seen)
    if (inventory && book.isUnnamed(inventory)) pages.forgetNames()
    return { snapshot, ...(inventory ? { inventory } : {}) }
  }
  const fromOutside = async (signal: AbortSignal, missing?: string): Promise<Looked> => {
    const loginRaw = missing ?? lockoutText(state.lockout()) ?? 'login refused'
    const { failure } = await http.knock(signal)
    const blind = {
      loginRaw,
      channels: allChannelsUnknown(state.memory(), loginRaw),
      disks: allDisksUnknown(state.memory(), loginRaw),
      disksAreFresh: false,
      system: {},
    }
    return failure === undefined
      ? { snapshot: { contact: 'answered', login: 'refused', ...blind } }
      : { snapshot: { contact: 'none', contactRaw: failure, login: 'unknown', ...blind } }
  }
  return { inside, fromOutside, forget }
}

function loginOf(state: RecorderState, poll: Poll): Pick<RecorderSnapshot, 'login' | 'loginRaw'> {
  const refused = state.gate.open() ? undefined : lockoutText(state.lockout())
  if (refused !== undefined) return { login: 'refused', loginRaw: refused }
  return { login: poll.accepted() ? 'accepted' : 'unknown' }
}

function createLoadMemory() {
  let cpuMeasured = false
  let uptimeS = 0
  return {
    note: ({ status }: Pages) => {
      const now = 'value' in status ? status.value : {}
      const restarted = now.uptimeS !== undefined && now.uptimeS < uptimeS
      cpuMeasured ||= (now.cpu ?? 0) > 0
      uptimeS = now.uptimeS ?? uptimeS
      return { restarted, cpuMeasured }
    },
  }
}
