/**
 * Drivers by the name in the settings. A driver is loaded when a unit asks for it, so that an agent
 * with one UPS does not carry Modbus along.
 */
import type { Collector, CollectorDeps } from './runtime/collector.ts'
import type { UnitConfig } from './runtime/config.ts'

async function createCollector(unit: UnitConfig, deps: CollectorDeps): Promise<Collector> {
  switch (unit.driver) {
    case 'hikvision': {
      const { createHikvisionCollector } = await import('./recorder/hikvision.ts')
      const { allowBasicOverHttp = false, anyCertificate = false } = unit
      return createHikvisionCollector({ ...unit, allowBasicOverHttp, anyCertificate }, deps)
    }
    case 'nut': {
      const { createNutCollector } = await import('./power/nut.ts')
      return createNutCollector(unit, deps)
    }
    case 'cabinet': {
      const { createCabinet } = await import('./light/cabinet.ts')
      return createCabinet(unit, deps)
    }
  }
}

/**
 * The collectors of an agent's settings, in their order.
 *
 * @throws Error when a unit's settings cannot be right
 */
export const createCollectors = (
  units: readonly UnitConfig[],
  depsFor: (unit: string) => CollectorDeps,
): Promise<Collector[]> =>
  Promise.all(units.map((unit) => createCollector(unit, depsFor(unit.unit))))
