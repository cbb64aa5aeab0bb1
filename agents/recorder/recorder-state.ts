import { randomBytes, scryptSync } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import type { Login } from './http-digest.ts'
import type { LoginGate } from './http-login.ts'
import { freshLockout, type Lockout, mayAsk, onAccepted, onRefused } from './lockout.ts'
import { emptyMemory, RecorderMemory } from './recorder-memory.ts'

/**
 * What a recorder's collector must not forget in a restart: that its login was refused (an agent
 * that restarts in a loop would lock the device) and what the recorder has shown before. The login
 * itself is kept only as a salted scrypt hash, to notice that it was changed.
 */
const Saved = z.object({
  salt: z.string(),
  login: z.string(),
  lockout: z.object({
    worked: z.boolean(),
    refusals: z.int(),
    refused: z.exactOptional(
      z.object({
        kind: z.enum(['rejected', 'locked', 'stale']),
        at: z.number(),
        triesLeft: z.exactOptional(z.number()),
        unlockAt: z.exactOptional(z.number()),
      }),
    ),
    retryAt: z.exactOptional(z.number()),
  }),
  memory: RecorderMemory,
})
type Saved = z.infer<typeof Saved>

export type RecorderState = {
  gate: LoginGate
  lockout: () => Lockout
  memory: () => RecorderMemory
  remember: (memory: RecorderMemory) => void
  /** Announces the login in use; another one than before opens the gate. */
  announceLogin: (login: Login, base: string) => void
  /** Allows one single try, by request of a person. */
  allowTry: () => void
  /** Writes what changed. Never throws: a full disk must not stop the polling. */
  save: () => void
}

export function openRecorderState(options: {
  folder: string
  clock: Clock
  log: Log
}): RecorderState {
  const { folder, clock, log } = options
  const path = join(folder, 'recorder.json')
  const saved = load(path, log)
  let written = JSON.stringify(saved)
  let loginText = ''

  const save = () => {
    const next = JSON.stringify(saved)
    if (next === written) return
    try {
      mkdirSync(folder, { recursive: true })
      writeFileSync(`${path}.new`, next, { mode: 0o600 })
      renameSync(`${path}.new`, path)
      written = next
    } catch (error) {
      log.warn({ err: error, path }, 'recorder state cannot be saved')
    }
  }
  const setLockout = (next: Lockout) => {
    saved.lockout = next
    save()
  }
  return {
    gate: {
      open: () => mayAsk(saved.lockout, clock.now()),
      accepted: () => setLockout(onAccepted(saved.lockout)),
      refused: (refusal) => setLockout(onRefused(saved.lockout, refusal, clock.now())),
    },
    lockout: () => saved.lockout,
    memory: () => saved.memory,
    remember: (memory) => {
      saved.memory = memory
    },
    announceLogin: ({ username, password }, base) => {
      const text = JSON.stringify([base, username, password])
      if (text === loginText) return
      loginText = text
      const login = scryptSync(text, saved.salt, 32, { N: 4096 }).toString('hex')
      if (login === saved.login) return
      saved.login = login
      setLockout(freshLockout)
    },
    allowTry: () => setLockout({ ...saved.lockout, retryAt: clock.now() }),
    save,
  }
}

function load(path: string, log: Log): Saved {
  const fresh: Saved = {
    salt: randomBytes(16).toString('hex'),
    login: '',
    lockout: { ...freshLockout },
    memory: emptyMemory,
  }
  try {
    return Saved.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'ENOENT')
      log.warn({ err: error, path }, 'recorder state unreadable, starting anew')
    return fresh
  }
}
