import { parseArgs } from 'node:util'

/** The demo cannot start as asked; the message is for the person at the terminal. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
}

export type DemoOptions = {
  /** How many days the hub lives before it is handed to real time. */
  days: number
  /** Where the data stays after the end; a temporary folder, removed, when absent. */
  keep: string | undefined
  /** 0 = a free one. */
  port: number
  /** Build the console when it is missing or old. */
  build: boolean
}

export const usage = `usage: npm run demo -- [--days N] [--keep DIR] [--port N] [--no-build]
  --days N     how many days the province has lived before you look at it (1-35, usually 30)
  --keep DIR   keep the data in this new or empty folder; else all is removed at the end
  --port N     port of the console; else 8080, or any free one
  --no-build   do not build the console`

const wholeNumber = (name: string, text: string, [from, to]: [number, number]): number => {
  const value = Number(text)
  if (Number.isInteger(value) && value >= from && value <= to) return value
  throw new DemoError(`--${name} is a whole number from ${from} to ${to}, not "${text}".\n${usage}`)
}

/** @throws DemoError naming what is wrong, with the usage */
export function readOptions(args: readonly string[]): DemoOptions {
  const options = {
    days: { type: 'string', default: '30' },
    keep: { type: 'string' },
    port: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
  } as const
  try {
    const { values } = parseArgs({ args: [...args], options })
    return {
      days: wholeNumber('days', values.days, [1, 35]),
      keep: values.keep,
      port: values.port === undefined ? 0 : wholeNumber('port', values.port, [1, 65_535]),
      build: !values['no-build'],
    }
  } catch (error) {
    if (error instanceof DemoError) throw error
    throw new DemoError(`${error instanceof Error ? error.message : error}\n${usage}`)
  }
}
