import { readFile } from 'node:fs/promises'
import type { Log } from '../../src/core/log.ts'
import { judgeRecorder } from '../../src/faults/recorder.ts'
import type { Collected, Collector, CollectorDeps } from '../runtime/collector.ts'
import { createDeviceHttp } from './device-http.ts'
import { createLooker } from './hikvision-look.ts'
import { refusalOf } from './hikvision-system.ts'
import type { Login } from './http-digest.ts'
import { parseXml } from './isapi-xml.ts'
import { emptyMemory } from './recorder-memory.ts'
import { openRecorderState, type RecorderState } from './recorder-state.ts'
import { toSample } from './snapshot.ts'

/**
 * A Hikvision recorder over ISAPI. One poll is a handful of questions, one at a time; it never
 * writes to the recorder. What was not said is unknown, and after one refused login it only looks
 * whether the port is open until the login changes (or the lock-out policy allows a single try).
 */
export type HikvisionConfig = {
  unit: string
  url: string
  username: string
  /** Read before each poll: a corrected password counts without a restart. */
  passwordFile: string
  everyMs?: number | undefined
  timeoutMs?: number
  allowBasicOverHttp?: boolean
  anyCertificate?: boolean
}

const usualEveryMs = 60_000

export function createHikvisionCollector(config: HikvisionConfig, deps: CollectorDeps): Collector {
  const { clock, log } = deps
  const base = new URL(config.url)
  const state = openRecorderState({ folder: deps.dataDir, clock, log })
  const login = createLoginSource(config, { state, log, origin: base.origin })
  const http = createDeviceHttp({
    base,
    clock,
    login: login.current,
    gate: state.gate,
    refusalOf: (body) => refusalOf(parseXml(body)),
    anyCertificate: config.anyCertificate ?? false,
    ...(config.timeoutMs === undefined ? {} : { timeoutMs: config.timeoutMs }),
    ...(config.allowBasicOverHttp ? { allowBasicOverHttp: true } : {}),
  })
  const looker = createLooker({ unit: config.unit, deps, state, http })

  const collect = async (signal: AbortSignal): Promise<Collected> => {
    const at = clock.now()
    const missing = await login.refresh()
    const isHeld = missing !== undefined || !state.gate.open()
    const looked = isHeld ? await looker.fromOutside(signal, missing) : await looker.inside(signal)
    signal.throwIfAborted()
    state.save()
    const { snapshot, inventory } = looked
    return {
      at,
      sample: toSample(config.unit, at, snapshot),
      verdicts: judgeRecorder(snapshot),
      ...(inventory ? { inventory } : {}),
    }
  }
  return {
    unit: config.unit,
    kind: 'recorder',
    everyMs: config.everyMs ?? usualEveryMs,
    capabilities: ['hikvision'],
    collect,
    commands: {
      /** The password was put right at the recorder: one single try. */
      'retry-login': async () => {
        state.allowTry()
        deps.pollSoon()
      },
      /** Disks or cameras were taken away on purpose: forget that they were there. */
      relearn: async () => {
        state.remember(emptyMemory)
        state.save()
        looker.forget()
        deps.pollSoon()
      },
    },
  }
}

function createLoginSource(
  config: HikvisionConfig,
  deps: { state: RecorderState; log: Log; origin: string },
) {
  const { username, passwordFile, unit } = config
  let login: Login = { username, password: '' }
  return {
    current: () => login,
    /** Why there is no password to use; `undefined` when there is one. */
    refresh: async (): Promise<string | undefined> => {
      try {
        const text = await readFile(passwordFile, 'utf8')
        login = { username, password: text.replace(/\r?\n$/, '') }
      } catch (error) {
        deps.log.warn({ err: error, unit }, 'recorder password cannot be read')
      }
      if (login.password === '') return 'no password in the password file'
      deps.state.announceLogin(login, deps.origin)
      return undefined
    },
  }
}
