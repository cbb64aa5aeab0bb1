import { cpus, totalmem } from 'node:os'

export type Options = {
  agents: number
  seconds: number
  window: number
  series: 'embedded' | 'influx'
}

/** What the figures were measured on. */
export const machine = (): string => {
  const all = cpus()
  return `machine: ${all.length} cores (${all[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}, ${process.platform}`
}

export const row = (...cells: string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(36) : cell.padStart(18))).join('')
