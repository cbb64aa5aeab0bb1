import { messageOf } from '../../src/core/problem.ts'
import type { Bus } from './bus.ts'
import { type Decoded, decodeBlock, rejectImpossiblePower } from './meter-decode.ts'
import type { Block, MeterProfile } from './meter-profiles.ts'

/** All blocks of one look, or why there is nothing to believe. */
export type MeterReading = ({ ok: true } & Decoded) | { ok: false; reason: string }

/** A meter as the cabinet sees it. Never throws for device trouble. */
export type Meter = { read: (signal: AbortSignal) => Promise<MeterReading> }

/** As many equal answers in a row, with power flowing, are no measurement any more. */
const frozenAfter = 30

/** Counts how often a meter has said exactly the same, bit for bit. */
function createFrozenWatch(): (answers: Buffer, watts: number | null) => boolean {
  let last: Buffer | undefined
  let times = 0
  return (answers, watts) => {
    times = last?.equals(answers) ? times + 1 : 1
    last = answers
    return times >= frozenAfter && watts !== null && watts !== 0
  }
}

/** A meter on a Modbus bus, read as its profile says. */
export function createModbusMeter(options: {
  bus: Bus
  unitId: number
  profile: MeterProfile
  /** Ratio of the current transformers that the meter itself does not know. */
  ctRatio?: number
}): Meter {
  const { bus, unitId, profile, ctRatio = 1 } = options
  const isFrozen = createFrozenWatch()

  const ask = async ({ start, count }: Block): Promise<Buffer> => {
    const { buffer } = await bus.run(unitId, (client) =>
      profile.functionCode === 4
        ? client.readInputRegisters(start, count)
        : client.readHoldingRegisters(start, count),
    )
    if (buffer.length !== count * 2) throw new Error('answer of another length')
    return buffer
  }
  const readAll = async (signal: AbortSignal): Promise<MeterReading> => {
    const all: Decoded = { values: {}, reasons: {} }
    const answers: Buffer[] = []
    for (const block of profile.blocks) {
      if (signal.aborted) return { ok: false, reason: 'given up' }
      const answer = await ask(block)
      const decoded = decodeBlock(profile, block, { answer, ctRatio })
      if (!decoded) return { ok: false, reason: 'not this meter: no mains value where one must be' }
      Object.assign(all.values, decoded.values)
      Object.assign(all.reasons, decoded.reasons)
      answers.push(answer)
    }
    rejectImpossiblePower(all)
    if (isFrozen(Buffer.concat(answers), all.values['meter:1/p'] ?? null)) {
      return { ok: false, reason: 'stuck: the same registers again and again' }
    }
    return { ok: true, ...all }
  }

  return {
    read: async (signal) => {
      try {
        return await readAll(signal)
      } catch (error) {
        return { ok: false, reason: messageOf(error) }
      }
    },
  }
}
