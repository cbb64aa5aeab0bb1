import { type Clock, hours } from '../../src/core/clock.ts'
import type { DeviceHttp } from './device-http.ts'
import type { DeviceAnswer } from './http-login.ts'
import { isRecorderTalk, type Page, pageOf } from './isapi-page.ts'
import type { XmlNode } from './isapi-xml.ts'

/**
 * Asks ISAPI pages and keeps count of what that says about the recorder as a whole. What a model
 * does not have is remembered and not asked again for a day; after two silent questions in a row
 * the rest of the poll is left out, so that a dead recorder costs two time limits and not ten.
 */
type Ask = <T>(path: string, parse: (node: XmlNode) => T | undefined) => Promise<Page<T>>

export type Poll = {
  ask: Ask
  /** Asks even for what is known to be absent: any answer proves contact. */
  probe: Ask
  contact: () => { contact: 'answered' | 'none' | 'unknown'; contactRaw?: string }
  /** At least one page was given to us, so the login is good. */
  accepted: () => boolean
  /** Questions that were sent in this poll. */
  asked: () => number
}

export type IsapiAsker = {
  poll: (signal: AbortSignal) => Poll
  /** Ask everything again: this may be another recorder. */
  forget: () => void
}

const silentLimit = 2

/** The recorder's own word holds a day; a bare 404 may be a recorder that is still starting. */
const absentForMs = (answer: DeviceAnswer): number => hours(isRecorderTalk(answer) ? 24 : 1)

export function createIsapiAsker({ http, clock }: { http: DeviceHttp; clock: Clock }): IsapiAsker {
  /** Path to the monotonic time until which it is known to be absent. */
  const absentUntil = new Map<string, number>()
  const isAbsent = (path: string) => (absentUntil.get(path) ?? 0) > clock.monotonic()

  const poll = (signal: AbortSignal): Poll => {
    const tally = createTally()
    const ask: Ask = async (path, parse) =>
      isAbsent(path) ? { reason: 'not supported', absent: true, skipped: true } : probe(path, parse)
    const probe: Ask = async (path, parse) => {
      if (tally.isDead()) return { reason: 'no answer', skipped: true }
      const answer = await http.get(path, signal)
      const page = pageOf(answer, parse)
      tally.note(answer, 'value' in page)
      const absent = 'reason' in page && page.absent
      if (absent) absentUntil.set(path, clock.monotonic() + absentForMs(answer))
      return page
    }
    return { ask, probe, contact: tally.contact, accepted: tally.accepted, asked: tally.asked }
  }
  return { poll, forget: () => absentUntil.clear() }
}

/** Counts what one poll heard. */
function createTally() {
  let asked = 0
  let spoken = 0
  let pages = 0
  let silentInRow = 0
  let silence = ''
  let garble: string | undefined

  const hear = (answer: DeviceAnswer) => {
    if (answer.kind === 'silent') silence = answer.reason
    else if (isRecorderTalk(answer)) spoken += 1
    else garble = answer.kind === 'unusable' ? answer.reason : 'answers, but not as a recorder'
  }
  return {
    asked: () => asked,
    accepted: () => pages > 0,
    isDead: () => silentInRow >= silentLimit,
    note: (answer: DeviceAnswer, gavePage: boolean) => {
      if (answer.kind === 'held') return
      asked += 1
      silentInRow = answer.kind === 'silent' ? silentInRow + 1 : 0
      if (gavePage) pages += 1
      hear(answer)
    },
    contact: (): ReturnType<Poll['contact']> => {
      if (spoken > 0) return { contact: 'answered' }
      if (garble !== undefined) return { contact: 'unknown', contactRaw: garble }
      return asked > 0
        ? { contact: 'none', contactRaw: silence }
        : { contact: 'unknown', contactRaw: 'not asked' }
    },
  }
}
