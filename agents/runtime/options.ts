import type { Duplex } from 'node:stream'
import type { z } from 'zod'
import type { SectionName } from '../../src/contract/wire/common.ts'
import type { Clock } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import type { Boot } from './boot.ts'
import type { Collector, CollectorDeps, CommandHandler, SectionHandler } from './collector.ts'
import type { AgentConfig } from './config.ts'
import type { TimeSource } from './time-source.ts'

/** Units that need what the runtime has (the believed clock, a folder) are made by a function. */
export type CollectorSource =
  | readonly Collector[]
  | ((depsFor: (unit: string) => CollectorDeps) => Promise<readonly Collector[]>)

export type AgentOptions = {
  config: AgentConfig
  clock: Clock
  log: Log
  collectors: CollectorSource
  /** Beside those of the units; each throws to refuse. */
  sections?: Partial<Record<z.infer<typeof SectionName>, SectionHandler>>
  /** Commands that name no unit, or that the unit itself does not know. */
  commands?: Record<string, CommandHandler>
  version?: string
  /** In [0, 1). */
  random?: () => number
  timeSource?: TimeSource
  boot?: Boot
  /** Opens the stream to the hub; by `hub.url` when absent. */
  connect?: () => Promise<Duplex>
}
