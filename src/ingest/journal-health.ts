import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'

export type JournalState = 'ok' | 'full' | 'failing'

/** Two things can stop a journal: its own allowance is used up, or the folder takes no bytes. */
export type Health = {
  state: () => JournalState
  /** Wall time since which records are refused; undefined while they are not. */
  refusingSince: () => number | undefined
  /** The disk said no. */
  broken: (error: { code?: string | undefined; message: string }) => void
  mended: () => void
  isBroken: () => boolean
  allowance: (usedUp: boolean) => void
  /** Why records are refused now; undefined when they are not. */
  refusal: () => Error | undefined
}

const noSpaceCodes = new Set(['ENOSPC', 'EDQUOT'])
const usedUpReason = 'the journal has used up its allowance'

export function createHealth(options: {
  clock: Clock
  log: Log
  onState: ((state: JournalState, reason?: string) => void) | undefined
}): Health {
  const { clock, log, onState } = options
  let disk: { state: JournalState; reason: string } | undefined
  let usedUp = false
  let state: JournalState = 'ok'
  let since: number | undefined

  const reason = () => disk?.reason ?? (usedUp ? usedUpReason : undefined)
  const tell = (why: string | undefined) => {
    if (why === undefined) {
      log.info('journal takes records again')
      onState?.(state)
    } else {
      log.error({ state, reason: why }, 'journal refuses records')
      onState?.(state, why)
    }
  }
  const settle = () => {
    const next = disk?.state ?? (usedUp ? 'full' : 'ok')
    if (next === state) return
    state = next
    since = next === 'ok' ? undefined : (since ?? clock.now())
    tell(reason())
  }

  return {
    state: () => state,
    refusingSince: () => since,
    isBroken: () => disk !== undefined,
    broken: ({ code, message }) => {
      disk = { state: code && noSpaceCodes.has(code) ? 'full' : 'failing', reason: message }
      settle()
    },
    mended: () => {
      disk = undefined
      settle()
    },
    allowance: (isUsedUp) => {
      usedUp = isUsedUp
      settle()
    },
    refusal: () => {
      const why = reason()
      return why === undefined ? undefined : new Error(`journal refuses records: ${why}`)
    },
  }
}
