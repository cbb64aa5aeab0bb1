import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DoorRules } from '../../agents/fakes/digest-door.ts'
import { createHikvisionFake, type Manners } from '../../agents/fakes/hikvision.ts'
import { createRecorderModel, type RecorderModel } from '../../agents/fakes/recorder-model.ts'
import { createHikvisionCollector, type HikvisionConfig } from '../../agents/recorder/hikvision.ts'
import { days } from '../../src/core/clock.ts'
import { collectorDeps, createPoller, morning, startClock, tempFolder } from './collecting.ts'

/** A fake recorder on a real socket and the real collector that polls it, on one manual clock. */
export async function createRecorderRig(
  options: {
    model?: RecorderModel
    rules?: Partial<DoorRules>
    manners?: Partial<Manners>
    password?: string
    config?: Partial<HikvisionConfig>
  } = {},
) {
  const clock = startClock()
  const folder = tempFolder()
  const model =
    options.model ?? createRecorderModel({ serial: 'FAKE0001', bootedAt: morning - days(10) })
  const fake = await createHikvisionFake({
    model,
    clock,
    ...(options.rules ? { rules: options.rules } : {}),
    ...(options.manners ? { manners: options.manners } : {}),
  })
  const passwordFile = join(folder.path, 'password')
  const setPassword = (password: string) => writeFileSync(passwordFile, `${password}\n`)
  setPassword(options.password ?? fake.rules.password)
  const deps = collectorDeps({ clock, dataDir: join(folder.path, 'nvr1') })
  const config = {
    unit: 'nvr1',
    url: fake.url,
    username: fake.rules.username,
    passwordFile,
    ...options.config,
  }
  const make = () => createHikvisionCollector(config, deps)
  let collector = make()
  const poller = createPoller(() => collector, clock)
  return {
    clock,
    fake,
    model,
    deps,
    config,
    setPassword,
    ...poller,
    collector: () => collector,
    /** The agent is started anew: only what is on disk is left. */
    restart: () => {
      collector = make()
    },
    close: async () => {
      await fake.close()
      folder.remove()
    },
  }
}

export type RecorderRig = Awaited<ReturnType<typeof createRecorderRig>>
