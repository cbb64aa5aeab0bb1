import type { z } from 'zod'
import type { InventoryUnit } from '../../src/contract/wire/messages.ts'
import type { ChannelName, VideoInput } from './hikvision-channels.ts'
import type { Pages } from './hikvision-pages.ts'
import type { ParsedDisk } from './hikvision-storage.ts'
import type { DeviceInfo } from './hikvision-system.ts'
import type { Page } from './isapi-page.ts'
import { inputPart, proxyPart, type RecorderMemory } from './recorder-memory.ts'
import type { RecorderSnapshot } from './snapshot.ts'

type Inventory = z.infer<typeof InventoryUnit>

const valuesOf = <T>(page: Page<T[]>): T[] => ('value' in page ? page.value : [])

const cut = <T extends string | undefined>(text: T) => text?.slice(0, 120)

function labels(pages: Pages, memory: RecorderMemory): Map<string, string> {
  const pairs = [
    ...valuesOf<VideoInput>(pages.inputs).map(({ id, name }) => [inputPart(id), name] as const),
    ...valuesOf<ChannelName>(pages.names.page).map(
      ({ id, label }) => [proxyPart(memory, id), label] as const,
    ),
    ...valuesOf<ParsedDisk>(pages.storage.page).map(({ part, label }) => [part, label] as const),
  ]
  return new Map(pairs.flatMap(([part, label]) => (label === undefined ? [] : [[part, label]])))
}

/** Who the recorder is and what it has, as the birth announces it. Pure. */
export function toInventory(
  unit: string,
  pages: Pages,
  seen: { memory: RecorderMemory; snapshot: Pick<RecorderSnapshot, 'channels' | 'disks'> },
): Inventory {
  const info: DeviceInfo = 'value' in pages.info.page ? pages.info.page.value : {}
  const named = labels(pages, seen.memory)
  const used = seen.snapshot.channels.filter(({ state }) => state !== 'empty')
  const parts = [...used, ...seen.snapshot.disks].slice(0, 600).map(({ part }) => {
    const label = cut(named.get(part))
    return { part, ...(label ? { label } : {}) }
  })
  const texts = {
    label: info.name,
    model: info.model,
    serial: info.serial,
    firmware: info.firmware,
  }
  const own = Object.entries(texts).flatMap(([key, value]) => (value ? [[key, cut(value)]] : []))
  return { unit, kind: 'recorder', ...Object.fromEntries(own), parts }
}

/** Parts that no list has named yet. */
export const hasUnnamedChannel = (inventory: Inventory): boolean =>
  inventory.parts.some(({ part, label }) => part.startsWith('ch:') && label === undefined)

/** Hands an inventory out only when it differs from the one before. */
export function createInventoryBook(unit: string) {
  let last = ''
  return {
    changed: (...seen: Parameters<typeof toInventory> extends [string, ...infer R] ? R : never) => {
      const inventory = toInventory(unit, ...seen)
      const text = JSON.stringify(inventory)
      if (text === last) return undefined
      last = text
      return inventory
    },
    isUnnamed: hasUnnamedChannel,
  }
}
