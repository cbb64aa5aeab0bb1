import { connect } from 'node:net'
import type { z } from 'zod'
import type { InventoryUnit, Sample } from '../../src/contract/wire/messages.ts'
import type { Clock } from '../../src/core/clock.ts'
import { messageOf } from '../../src/core/problem.ts'
import { judgeUps, type UpsReading } from '../../src/faults/ups.ts'
import type { Collected, Collector, CollectorDeps } from '../runtime/collector.ts'
import { createVariableReader, isUpsName, type NutReply } from './nut-protocol.ts'
import { readUps, toUpsSample } from './ups-reading.ts'

/**
 * A UPS through NUT's upsd: one short connection per poll, `LIST VAR` and nothing else, no login.
 * A driver that is dead or stale means "not monitored", never "power lost".
 */
export type NutConfig = {
  unit: string
  host: string
  port: number
  ups: string
  everyMs?: number | undefined
  timeoutMs?: number
}

const usualEveryMs = 10_000
const usualTimeoutMs = 10_000

/** Asks once for all variables. Never throws; the whole conversation has one time limit. */
export function askNut(
  config: NutConfig,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<NutReply> {
  const { host, port, ups, timeoutMs = usualTimeoutMs } = config
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const reader = createVariableReader(ups)
    const finish = (answer: NutReply) => {
      timer.cancel()
      signal.removeEventListener('abort', stop)
      socket.destroy()
      resolve(answer)
    }
    const fail = (reason: string) => finish({ kind: 'broken', reason })
    const stop = () => fail('stopped')
    const timer = clock.after(timeoutMs, () => fail('timeout'))
    signal.addEventListener('abort', stop, { once: true })
    socket.once('connect', () => socket.write(`LIST VAR ${ups}\n`))
    socket.on('data', (chunk) => {
      const reply = reader.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
      if (!reply) return
      // Politeness only: upsd would otherwise log a lost connection.
      socket.write('LOGOUT\n')
      finish(reply)
    })
    socket.on('end', () => fail('connection closed'))
    socket.on('error', (error) => fail(reasonOf(error)))
    if (signal.aborted) stop()
  })
}

const reasonOf = (error: NodeJS.ErrnoException): string =>
  error.code === 'ECONNREFUSED' ? 'connection refused' : (error.code ?? messageOf(error))

const readingOf = (answer: NutReply): UpsReading => {
  if (answer.kind === 'variables') return readUps(answer.variables)
  return { read: false, reason: answer.kind === 'error' ? answer.code : answer.reason }
}

/** @throws Error when the name of the UPS could not be sent as one word */
export function createNutCollector(config: NutConfig, deps: CollectorDeps): Collector {
  const { unit, ups } = config
  if (!isUpsName(ups)) throw new Error(`unit ${unit}: "${ups}" is not a UPS name`)
  let lastInventory = ''

  const collect = async (signal: AbortSignal): Promise<Collected> => {
    const at = deps.clock.now()
    const answer = await askNut(config, { clock: deps.clock, signal })
    signal.throwIfAborted()
    const reading = readingOf(answer)
    const variables = answer.kind === 'variables' ? answer.variables : undefined
    const inventory = variables && toInventory(unit, variables)
    const isNew = inventory !== undefined && JSON.stringify(inventory) !== lastInventory
    if (isNew) lastInventory = JSON.stringify(inventory)
    return {
      at,
      sample: toUpsSample(unit, at, { reading, variables }) satisfies Sample,
      verdicts: judgeUps(reading),
      ...(isNew ? { inventory } : {}),
    }
  }
  return {
    unit,
    kind: 'ups',
    everyMs: config.everyMs ?? usualEveryMs,
    capabilities: ['nut'],
    collect,
  }
}

/** `ups.mfr` may say "Dummy": the device's own names first. */
function toInventory(
  unit: string,
  variables: Record<string, string>,
): z.infer<typeof InventoryUnit> {
  const pick = (...names: string[]) =>
    names.map((name) => variables[name]?.trim().slice(0, 120)).find(Boolean)
  const maker = pick('device.mfr', 'ups.mfr')
  const model = pick('device.model', 'ups.model')
  const serial = pick('device.serial', 'ups.serial')
  const firmware = pick('ups.firmware')
  const full = [maker, model].filter(Boolean).join(' ').slice(0, 120)
  return {
    unit,
    kind: 'ups',
    ...(full ? { model: full } : {}),
    ...(serial ? { serial } : {}),
    ...(firmware ? { firmware } : {}),
    parts: [],
  }
}
