import { systemClock } from '../../src/core/clock.ts'
import { type Boot, machineBoot, processBoot } from './boot.ts'
import type { AgentOptions } from './options.ts'
import { type Outbox, openOutbox } from './outbox.ts'
import { dateRecord } from './rebase.ts'
import { type AgentState, openState } from './state.ts'
import { machineTimeSource } from './time-source.ts'
import { type Correction, startTimekeeper, type Timekeeper } from './timekeeper.ts'

/** What outlives the process: state, outbox, and with them the idea of the time. */
export type Memory = {
  state: AgentState
  outbox: Outbox
  boot: Boot
  time: Timekeeper
  close: () => Promise<void>
}

/**
 * Opens what an agent remembers. Records whose time becomes known are dated before `onCorrected`.
 *
 * @throws Error when another agent has the folder
 */
export async function openMemory(
  options: AgentOptions,
  onCorrected: (correction: Correction) => void,
): Promise<Memory> {
  const { clock, log } = options
  const { dataDir, outbox: bounds } = options.config
  const state = openState(dataDir, log)
  const outbox = openOutbox({ dataDir, clock, log, ...bounds })
  const boot = options.boot ?? (clock === systemClock ? machineBoot(clock) : processBoot(clock))
  const dateAll = (time: Timekeeper) =>
    outbox.retime((record) => dateRecord(record, time.belief(), time.earlierBoots()))
  const time: Timekeeper = await startTimekeeper({
    clock,
    log,
    boot,
    state,
    source: options.timeSource ?? machineTimeSource,
    onCorrected: (correction) => {
      if (correction.learned) log.info({ records: dateAll(time) }, 'records have their time now')
      onCorrected(correction)
    },
  })
  dateAll(time)
  return {
    state,
    outbox,
    boot,
    time,
    close: async () => {
      await time.stop()
      outbox.close()
      state.close()
    },
  }
}
