import { seconds } from '../../src/core/clock.ts'
import { judgeCabinet } from '../../src/faults/cabinet.ts'
import type { Collected, Collector, CollectorDeps } from '../runtime/collector.ts'
import type { CabinetUnit } from '../runtime/config.ts'
import { type Bus, createBus } from './bus.ts'
import { inventoryOf, type Look, readingOf, sampleOf } from './cabinet-sample.ts'
import type { Interlock } from './contactor.ts'
import { createEngine, type EngineState, jitterOf } from './engine.ts'
import { createModbusMeter, type Meter } from './meter.ts'
import { getMeterProfile } from './meter-profiles.ts'
import { openPlanStore } from './plan-store.ts'
import { createModbusRelays, type Relays } from './relays.ts'

/**
 * A lighting cabinet: one meter, a relay board and the engine between them. Promises: lights follow
 * the plan whatever happens to hub, network or this process; the plan is kept on disk; what cannot
 * be measured is reported as unknown. Never: a queue of switchings, or a relay believed unread.
 */
export type Cabinet = Collector & {
  /** One second of the engine; for tests and for living a month. */
  tick: () => Promise<void>
  engine: () => EngineState
}

/** How a cabinet is reached; the demo puts its model here instead of sockets. */
export type CabinetDevices = { meter: Meter; relays: Relays; close: () => void }

export type CabinetOptions = {
  devices?: CabinetDevices
  /** Cabinets switch up to this much later than planned, each always the same; 30 s if absent. */
  maxJitterMs?: number
  interlock?: Interlock
}

/** No daylight saving; only for a cabinet that holds no plan, whose program needs no wall time. */
const builtInZone = 'Asia/Ho_Chi_Minh'

/** Meter and relays over Modbus TCP; behind one gateway they share its one queue. */
export function openModbusDevices(
  { meter, relays, circuits }: CabinetUnit,
  { clock, log, timeoutMs }: Pick<CollectorDeps, 'clock' | 'log'> & { timeoutMs?: number },
): CabinetDevices {
  const buses = new Map<string, Bus>()
  const busTo = (host: string, port: number): Bus => {
    const key = `${host}:${port}`
    const bus =
      buses.get(key) ??
      createBus({ host, port, clock, log, ...(timeoutMs === undefined ? {} : { timeoutMs }) })
    buses.set(key, bus)
    return bus
  }
  return {
    meter: createModbusMeter({
      bus: busTo(meter.host, meter.port),
      unitId: meter.unitId,
      profile: getMeterProfile(meter.profile),
    }),
    relays: createModbusRelays({
      bus: busTo(relays.host, relays.port),
      unitId: relays.unitId,
      lastCoil: Math.max(...circuits.map(({ coil }) => coil)),
    }),
    close: () => {
      for (const bus of buses.values()) bus.close()
    },
  }
}

const troubleOf = ({ cause }: EngineState): string | undefined =>
  cause === 'built-in' ? 'not in the plan: the built-in one runs' : undefined

/** Two circuits on one coil would switch against each other for ever. */
function checkCircuits({ unit, circuits }: CabinetUnit): void {
  for (const key of ['part', 'coil'] as const) {
    const seen = circuits.map((one) => one[key])
    if (new Set(seen).size < seen.length) {
      throw new Error(`${unit}: two circuits have the same ${key}`)
    }
  }
}

/**
 * A cabinet by its settings.
 *
 * @throws Error when the settings cannot be right: an unknown meter profile, a coil used twice
 */
export function createCabinet(
  config: CabinetUnit,
  deps: CollectorDeps,
  options: CabinetOptions = {},
): Cabinet {
  checkCircuits(config)
  const { unit, lat, lon } = config
  const { clock, dataDir, clockTrust } = deps
  const log = deps.log.child({ unit })
  const { devices = openModbusDevices(config, { clock, log }), maxJitterMs = seconds(30) } = options
  const plans = openPlanStore({ folder: dataDir, log })
  const { label } = getMeterProfile(config.meter.profile)
  const engine = createEngine({
    unit,
    circuits: config.circuits,
    relays: devices.relays,
    plans,
    place: { lat, lon, timeZone: builtInZone },
    clock,
    log,
    clockTrust,
    folder: dataDir,
    jitterMs: jitterOf(`${unit} ${lat} ${lon}`, maxJitterMs),
    onSwitched: deps.pollSoon,
    ...(options.interlock ? { interlock: options.interlock } : {}),
  })
  let told = false

  const collect = async (signal: AbortSignal): Promise<Collected> => {
    const meter = await devices.meter.read(signal)
    const look: Look = {
      at: clock.now(),
      clockTrust: clockTrust(),
      meter,
      engine: engine.state(),
      planTrouble: plans.trouble() ?? troubleOf(engine.state()),
    }
    const inventory = told ? {} : { inventory: inventoryOf(config, label) }
    told = true
    return {
      at: look.at,
      sample: sampleOf(config, look),
      verdicts: judgeCabinet(readingOf(config, look)),
      ...inventory,
    }
  }

  return {
    unit,
    kind: 'cabinet',
    everyMs: config.everyMs ?? seconds(10),
    capabilities: ['cabinet'],
    sections: { plan: async (body) => plans.apply(body) },
    collect,
    start: async () => engine.start(),
    close: async () => {
      await engine.close()
      devices.close()
    },
    tick: engine.tick,
    engine: engine.state,
  }
}
